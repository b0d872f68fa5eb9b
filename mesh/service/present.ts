/**
 * The value of a field that validation has already demanded (REQUIRED): protobuf types it as optional.
 *
 * @throws Error when it is absent: the contract does not declare what the code relies on
 */
export function present<T>(value: T | undefined | null): T {
  if (value === undefined || value === null) throw new Error("a field the code relies on is not REQUIRED in the proto");
  return value;
}
