/** A piece of code that does what istio/ must do. */
export interface Breach {
  /** `services/siren/order/rpc.ts:12` */
  readonly where: string;
  readonly what: string;
}

interface Rule {
  readonly pattern: RegExp;
  readonly what: string;
  /** Files that the rule is about, by path from the repository's root. */
  readonly in: RegExp;
  /** Files that are allowed to. */
  readonly except?: RegExp;
}

const anywhere = /^(services|mesh\/service)\//;
/** Not the web shop, which runs in a browser, nor what `mesh demo` runs: it shows breakers, and has none. */
const services = /^services\/(?!web\/|[^/]+\/demonstrations\.ts$)/;
/** The files through which one service calls another. */
const outbound = /^mesh\/service\/(client|http|outbound|callee-failure)\.ts$/;

const libraries = [
  "cockatiel",
  "opossum",
  "p-retry",
  "p-timeout",
  "async-retry",
  "promise-retry",
  "retry",
  "retry-axios",
  "axios",
  "axios-retry",
  "got",
  "ky",
  "undici",
  "bottleneck",
  "exponential-backoff",
  "polly-js",
  "resilience4ts",
  "hystrixjs",
  "brakes",
  "levee",
];

const rules: readonly Rule[] = [
  {
    in: anywhere,
    pattern: new RegExp(`(?:from|import|require)\\s*\\(?\\s*["'](?:${libraries.join("|")})["'/]`),
    what: "imports a library of retries, breakers or timeouts; write a policy in istio/",
  },
  {
    in: anywhere,
    except:
      /^mesh\/service\/(outbound|client|callee-failure|grpc-status|server|server-call|health|adapter|reflection|deadline-clamp)\.ts$/,
    pattern: /from\s+["']@grpc\//,
    what: "talks to grpc-js itself; call through connect() of mesh/service/client.ts",
  },
  { in: anywhere, pattern: /["']grpc\.enable_retries["']\s*:(?!\s*0\b)/, what: "lets grpc-js retry" },
  {
    in: anywhere,
    pattern: /["']grpc\.(service_config["']|keepalive_|http2\.|dns_min_time|max_connection_)/,
    what: "sets a channel option that retries, times out or pings; istio/ does that",
  },
  {
    in: anywhere,
    pattern: /retryPolicy|hedgingPolicy|methodConfig|waitForReady/,
    what: "configures retries in a service config",
  },
  {
    in: services,
    pattern: /\bsetTimeout\b|\bsetInterval\b|timers\/promises|AbortSignal\.timeout|\bPromise\.race\b/,
    what: "sets a timer of its own; deadlines come with the call, timeouts from istio/",
  },
  {
    in: services,
    pattern: /\bdeadline\s*[:=]|\btimeout(Ms)?\s*[:=]/,
    what: "sets a deadline; it comes with the call and is passed on",
  },
  {
    in: services,
    // `http.fetch` is what connectHttp() gives.
    pattern: /(?<!\bhttp\.)\bfetch\s*\(|["']node:https?2?["']|\bXMLHttpRequest\b/,
    what: "calls by HTTP itself; use connectHttp() of mesh/service/http.ts",
  },
  {
    in: services,
    pattern: /\b\w*(?:[rR]etr(?:y|ies)(?!AfterMs)|[fF]allback|[cC]ircuit|[bB]reaker|[bB]ackoff|[bB]ulkhead)\w*\s*[(=:]/,
    what: "has a retry, breaker or fallback of its own; write a policy in istio/",
  },
  {
    in: outbound,
    pattern:
      /\bsetTimeout\b|timers\/promises|AbortSignal\.timeout|\bPromise\.race\b|\bfor\s*\((?!const\b)|\bwhile\s*\(/,
    what: "times out or repeats a call to another service",
  },
];

/**
 * Every breach of "no resilience in the code" in one file, for services/ and mesh/service.
 *
 * @param path from the repository's root
 */
export function findBreaches(path: string, text: string): Breach[] {
  const lines = withoutComments(text).split("\n");
  const applying = rules.filter((rule) => rule.in.test(path) && !rule.except?.test(path));
  return lines.flatMap((line, index) =>
    applying
      .filter(({ pattern, in: where }) => pattern.test(where === services ? withoutTexts(line) : line))
      .map(({ what }) => ({ where: `${path}:${index + 1}`, what })),
  );
}

/** Comments may speak of retries. Lines keep their numbers. */
function withoutComments(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, " "))
    .replace(/(^|[\s;{}(,])\/\/[^\n]*/g, "$1");
}

/** Messages to people may say "try again"; names of modules stay. */
function withoutTexts(line: string): string {
  return /\b(import|from|require)\b/.test(line) ? line : line.replace(/"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`/g, '""');
}
