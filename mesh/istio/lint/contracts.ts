/** A method of gRPC, as far as policies depend on it. */
export interface Method {
  /** `/package.Service/Method`, as it stands in a request. */
  path: string;
  clientStreaming: boolean;
  serverStreaming: boolean;
  /** Whether a repeated call has no effect of its own: it reads, or it is declared idempotent, or carries a request_id. */
  repeatable: boolean;
}

/** The methods of all contracts that the linter was given. */
export class Contracts {
  readonly methods: ReadonlyMap<string, Method>;
  readonly #byPackage = new Map<string, Method[]>();

  constructor(methods: readonly Method[] = []) {
    this.methods = new Map(methods.map((method) => [method.path, method]));
    for (const method of methods) {
      const name = packageOf(method.path);
      this.#byPackage.set(name, [...(this.#byPackage.get(name) ?? []), method]);
    }
  }

  get known(): boolean {
    return this.methods.size > 0;
  }

  /** Services, as `/package.Service/`. */
  services(): Set<string> {
    return new Set([...this.methods.keys()].map((path) => path.slice(0, path.lastIndexOf("/") + 1)));
  }

  /** Whether a package, or one that begins like it, is among the contracts. */
  hasRoot(path: string): boolean {
    const root = path.slice(1).split(".")[0];
    return [...this.#byPackage.keys()].some((name) => name.split(".")[0] === root);
  }

  /** The methods that a Service serves, by the convention `<namespace>.<service>.v1`; undefined when no package is named so. */
  ofService(name: string, namespace: string): Method[] | undefined {
    const wanted = `${plain(namespace)}.${plain(name)}`;
    const found = [...this.#byPackage].filter(([key]) => plain(key.replace(/\.v\d+\w*$/, "")) === wanted);
    return found.length > 0 ? found.flatMap(([, methods]) => methods) : undefined;
  }
}

function packageOf(path: string): string {
  const service = path.slice(1, path.lastIndexOf("/"));
  return service.slice(0, service.lastIndexOf("."));
}

function plain(name: string): string {
  return name.replaceAll(/[-_]/g, "").toLowerCase();
}
