import { isIPv6 } from "node:net";

/** Reads a URL as Go's `url.Parse` does, and gives its scheme in lower case, "" where it has none; undefined for no URL. */
export function schemeOf(text: string): string | undefined {
  const [, url = "", fragment = ""] = /^([^#]*)#?(.*)$/s.exec(text) ?? [];
  return isEscaped(fragment) ? parse(url, false) : undefined;
}

/**
 * As `schemeOf`, of a URL that is absolute, or else of what `http://` before it makes one, which is how Istio reads the URLs of
 * WasmPlugins: in `http://a b/` the host is then `http`, with an empty port, and the rest its path.
 */
export function absoluteSchemeOf(text: string): string | undefined {
  const url = parse(text, true) === undefined ? `http://${text}` : text;
  return parse(url, true) === undefined ? undefined : schemeOf(url);
}

function parse(text: string, absolute: boolean): string | undefined {
  if (hasControls(text) || text.startsWith(":") || (absolute && text === "")) return undefined;
  if (text === "*") return "";
  const [, written] = /^([a-zA-Z][-+.a-zA-Z0-9]*):/.exec(text) ?? [];
  const scheme = written?.toLowerCase() ?? "";
  const [rest = ""] = text.slice(written === undefined ? 0 : written.length + 1).split("?", 1);
  if (!rest.startsWith("/")) {
    if (scheme !== "") return scheme;
    if (absolute || /^[^/]*:/.test(rest)) return undefined;
  }
  const hosted = rest.startsWith("//") && (scheme !== "" || (!absolute && !rest.startsWith("///")));
  const [, authority = "", path = ""] = hosted ? (/^\/\/([^/]*)(.*)$/s.exec(rest) ?? []) : ["", "", rest];
  return isAuthority(authority) && isEscaped(path) ? scheme : undefined;
}

function hasControls(text: string): boolean {
  return [...text].some((character) => character < " " || character === "\x7f");
}

function isEscaped(text: string): boolean {
  return !/%(?![0-9a-fA-F]{2})/.test(text);
}

function isAuthority(authority: string): boolean {
  const at = authority.lastIndexOf("@");
  const user = authority.slice(0, Math.max(0, at));
  return /^[-\w.:~!$&'()*+,;=%@]*$/.test(user) && isEscaped(user) && isHost(authority.slice(at + 1));
}

const hostText = /^([-\w.~!$&'()*+,;=:[\]<>"\u0080-\u{10ffff}]|%25|%[89a-fA-F][0-9a-fA-F])*$/u;

function isHost(host: string): boolean {
  const bracket = host.lastIndexOf("[");
  if (bracket > 0) return false;
  if (bracket === 0) {
    const [, address = ""] = /^\[(.*)\](:\d*)?$/s.exec(host) ?? [];
    return isIPv6(address.replace("%25", "%"));
  }
  return hostText.test(host) && (!host.includes(":") || /:\d*$/.test(host));
}
