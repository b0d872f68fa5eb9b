import { generateKeyPairSync } from "node:crypto";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { isRecord, type KubeObject } from "#mesh/istio/kube-object.ts";

/** Where to connect for a URL: a unix socket or another host and port than it names. */
export type Dial = (url: URL) => { readonly socketPath: string } | { readonly host: string; readonly port: number };

export interface JwksOptions {
  /** Called when keys have come, changed or come back. */
  onChange(): void;
  /** How often keys that are known are fetched again; default 60 s. */
  readonly refreshMs?: number;
  /** The pauses after failures; the last one stays. Default: 250 ms to 10 s */
  readonly retryMs?: readonly number[];
}

interface Source {
  readonly url: string;
  /** The URL leads to an OpenID configuration, which names the keys'. */
  readonly discovery: boolean;
}

interface Known {
  readonly name: string;
  keys: string | undefined;
  failures: number;
  isFetching: boolean;
  timer: NodeJS.Timeout | undefined;
  first: Promise<void>;
}

const timeoutMs = 5_000;
const largestBytes = 1 << 20;
/** How long the first configuration waits for keys. */
const patienceMs = 1_000;
const defaultRetryMs = [250, 500, 1_000, 2_000, 5_000, 10_000];

/**
 * Fetches the key sets that RequestAuthentications name, as istiod does, and keeps them fresh. Keys that were fetched once are kept
 * when the source is down; without any, no token is accepted.
 */
export class JwksFetcher {
  readonly #options: JwksOptions;
  readonly #known = new Map<string, Known>();
  #dial: Dial = plainDial;
  #closed = false;

  constructor(options: JwksOptions) {
    this.#options = options;
  }

  /**
   * The keys known now for what the objects name, by URL or issuer; waits a moment for those asked for the first time. Where none
   * are known, a key that no token can be signed with; and since something has changed, perhaps their source is there now.
   */
  async keysFor(objects: readonly KubeObject[], dial: Dial): Promise<ReadonlyMap<string, string>> {
    this.#dial = dial;
    const wanted = new Map(objects.flatMap(sourcesOf));
    for (const [name, known] of this.#known) {
      if (wanted.has(name)) continue;
      clearTimeout(known.timer);
      this.#known.delete(name);
    }
    const waits = [...wanted].map(([name, source]) => this.#want(name, source).first);
    if (waits.length > 0) await Promise.race([Promise.all(waits), pause(patienceMs)]);
    return new Map([...this.#known].map(([name, { keys }]) => [name, keys ?? unusableKeys()]));
  }

  close(): void {
    this.#closed = true;
    for (const { timer } of this.#known.values()) clearTimeout(timer);
  }

  #want(name: string, source: Source): Known {
    const existing = this.#known.get(name);
    if (existing) {
      if (existing.keys === undefined && existing.failures > 1) this.#hurry(existing, source);
      return existing;
    }
    const known: Known = {
      name,
      keys: undefined,
      failures: 0,
      isFetching: false,
      timer: undefined,
      first: Promise.resolve(),
    };
    this.#known.set(name, known);
    known.first = this.#refresh(known, source, { quiet: true });
    return known;
  }

  /** Begins anew with the pauses between attempts, which have grown. */
  #hurry(known: Known, source: Source): void {
    known.failures = 0;
    if (known.isFetching) return;
    clearTimeout(known.timer);
    this.#later(known, source, this.#pauseAfter(1));
  }

  #pauseAfter(failures: number): number {
    const { retryMs = defaultRetryMs } = this.#options;
    return retryMs[Math.min(failures, retryMs.length) - 1] ?? 0;
  }

  #later(known: Known, source: Source, inMs: number): void {
    known.timer = setTimeout(() => void this.#refresh(known, source, { quiet: false }), inMs);
    known.timer.unref();
  }

  async #refresh(known: Known, source: Source, { quiet }: { quiet: boolean }): Promise<void> {
    const before = known.keys;
    const startedAt = Date.now();
    known.isFetching = true;
    try {
      known.keys = await this.#fetch(source);
      known.failures = 0;
    } catch {
      known.failures++;
    }
    known.isFetching = false;
    if (this.#closed || this.#known.get(known.name) !== known) return; // Nobody wants it any more.
    const refreshMs = this.#options.refreshMs ?? 60_000;
    this.#later(known, source, known.failures > 0 ? this.#pauseAfter(known.failures) : refreshMs);
    // Whoever still waits for the first answer sees it anyway.
    const isWaitedFor = quiet && Date.now() - startedAt < patienceMs;
    if (known.keys !== before && !isWaitedFor) this.#options.onChange();
  }

  async #fetch(source: Source): Promise<string> {
    if (!source.discovery) return checkKeys(await get(new URL(source.url), this.#dial));
    const configuration: unknown = JSON.parse(await get(new URL(source.url), this.#dial));
    const uri = isRecord(configuration) ? configuration["jwks_uri"] : undefined;
    if (typeof uri !== "string") throw new Error(`${source.url} names no jwks_uri`);
    return checkKeys(await get(new URL(uri), this.#dial));
  }
}

let unusable: string | undefined;

/**
 * Envoy refuses an empty key set, and what it ran before would stay in force. So this is a public key whose private half was
 * thrown away when it was made: every token is refused.
 */
function unusableKeys(): string {
  if (!unusable) {
    const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    unusable = JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "none", alg: "ES256" }] });
  }
  return unusable;
}

/** What stands for the keys that would have to be fetched, where nothing is fetched. */
export function keysWithoutFetching(objects: readonly KubeObject[]): ReadonlyMap<string, string> {
  return new Map(objects.flatMap(sourcesOf).map(([name]) => [name, unusableKeys()]));
}

/** What a RequestAuthentication fetches keys from, under the name that the compiler asks for. */
function sourcesOf(object: KubeObject): [string, Source][] {
  if (object.kind !== "RequestAuthentication" || !isRecord(object.spec)) return [];
  const rules = Array.isArray(object.spec["jwtRules"]) ? object.spec["jwtRules"].filter(isRecord) : [];
  return rules.flatMap((rule): [string, Source][] => {
    if (rule["jwks"]) return [];
    const uri = rule["jwksUri"] ?? rule["jwks_uri"];
    if (typeof uri === "string") return URL.canParse(uri) ? [[uri, { url: uri, discovery: false }]] : [];
    const { issuer } = rule;
    if (typeof issuer !== "string" || !URL.canParse(issuer)) return [];
    return [[issuer, { url: `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`, discovery: true }]];
  });
}

/** Only a set with keys counts: an error page must not replace keys that work. */
function checkKeys(text: string): string {
  const parsed: unknown = JSON.parse(text);
  const keys = isRecord(parsed) ? parsed["keys"] : undefined;
  if (!Array.isArray(keys) || !keys.some((key) => isRecord(key) && typeof key["kty"] === "string")) {
    throw new Error("not a JSON Web Key Set");
  }
  return JSON.stringify({ keys });
}

/** Who fetches keys, so that a callee can tell it from its callers. */
export const keysUserAgent = "mainsheet-keys";

function get(url: URL, dial: Dial): Promise<string> {
  const send = url.protocol === "https:" ? requestHttps : requestHttp;
  const target = {
    ...dial(url),
    path: `${url.pathname}${url.search}`,
    headers: { host: url.host, accept: "application/json", "user-agent": keysUserAgent },
  };
  return new Promise((resolve, reject) => {
    const call = send({ ...target, servername: url.hostname, timeout: timeoutMs, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      answer.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > largestBytes) call.destroy(new Error(`${url} is larger than ${largestBytes} bytes`));
        else chunks.push(chunk);
      });
      answer.on("error", reject);
      answer.on("end", () => {
        if (answer.statusCode === 200) resolve(Buffer.concat(chunks).toString("utf8"));
        else reject(new Error(`${url} answers ${answer.statusCode}`));
      });
    });
    call.on("timeout", () => call.destroy(new Error(`${url} does not answer`)));
    call.on("error", reject);
    call.end();
  });
}

export const plainDial: Dial = (url) => ({
  host: url.hostname,
  port: Number(url.port || (url.protocol === "https:" ? 443 : 80)),
});

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
