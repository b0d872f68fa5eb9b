/**
 * The fields of a resource that an Update changes (AIP-134): those the mask names; with an empty mask every populated one; with `*` all.
 * The paths themselves were checked by validation.
 *
 * @param mask `request.updateMask`: paths in snake_case
 * @param fields the fields that may change
 */
export function maskedFields<Resource extends object, const Field extends keyof Resource & string>(
  resource: Resource,
  mask: readonly string[] | undefined,
  fields: readonly Field[],
): Partial<Pick<Resource, Field>> {
  const named = new Set((mask ?? []).map((path) => camelCase(path.split(".")[0] ?? "")));
  const wanted = fields.filter((field) => {
    if (named.size === 0) return isPopulated(resource[field]);
    return named.has("*") || named.has(field);
  });
  const changes: Partial<Pick<Resource, Field>> = {};
  for (const field of wanted) changes[field] = resource[field];
  return changes;
}

/** Whether a proto3 field has a value other than its type's default. */
export function isPopulated(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value !== undefined && value !== null && value !== "" && value !== 0 && value !== 0n && value !== false;
}

/** `product_id` -> `productId`, as ts-proto names fields. */
export function camelCase(name: string): string {
  return name.replace(/_+([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
