/** To whom a resource is exported: to everybody, to nobody, or to some namespaces. */
export interface Audience {
  everybody: boolean;
  namespaces: ReadonlySet<string>;
}

/**
 * `.` stands for the resource's own namespace. Without an exportTo the default of the mesh configuration counts, of which
 * istiod honours `.`, then `*`; namespaces that a default names see nothing.
 */
export function audienceOf(exportTo: Iterable<string>, namespace: string, defaults: ReadonlySet<string>): Audience {
  const named = new Set(exportTo);
  if (named.size > 0) return audience(named, namespace);
  const honoured = [".", "*"].find((name) => defaults.has(name));
  return audience(new Set(honoured ? [honoured] : []), namespace);
}

function audience(given: ReadonlySet<string>, namespace: string): Audience {
  if (given.has("*")) return { everybody: true, namespaces: new Set() };
  if (given.has("~")) return { everybody: false, namespaces: new Set() };
  const namespaces = new Set([...given].map((name) => (name === "." ? namespace : name)));
  return { everybody: false, namespaces };
}

export function canSee(audience: Audience, namespace: string): boolean {
  return audience.everybody || audience.namespaces.has(namespace);
}

/** Things that namespaces see, in the order in which they count: what a namespace keeps to itself, what it is shown, the public. */
export class VisibilityIndex<T> {
  readonly #private = new Map<string, T[]>();
  readonly #shown = new Map<string, T[]>();
  readonly #public: T[] = [];

  add(item: T, namespace: string, audience: Audience): void {
    if (audience.everybody) this.#public.push(item);
    for (const target of audience.namespaces) {
      const lists = target === namespace ? this.#private : this.#shown;
      const list = lists.get(target);
      if (list) list.push(item);
      else lists.set(target, [item]);
    }
  }

  visibleFrom(namespace: string): T[] {
    return [...(this.#private.get(namespace) ?? []), ...(this.#shown.get(namespace) ?? []), ...this.#public];
  }
}
