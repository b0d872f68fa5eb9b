import { checkPort } from "../../checks/numbers.ts";
import { checkRegex } from "../../checks/regexes.ts";
import type { Place } from "../../place.ts";
import type { HttpRoute } from "./schema.ts";

export function validateRedirect(redirect: HttpRoute["redirect"], place: Place): void {
  if (!redirect) return;
  const { uri, authority, scheme, port, derivePort, redirectCode = 0 } = redirect;
  if (!uri && !authority && !scheme && port === undefined && derivePort === undefined) {
    return place.refuse("the redirect changes nothing", "write uri, authority, scheme or port");
  }
  if (redirectCode !== 0 && (redirectCode < 300 || redirectCode > 399)) {
    const hint = "write 301, 302, 303, 307 or 308";
    return place.in("redirectCode").refuse(`${redirectCode} is no status of a redirect`, hint);
  }
  if (scheme && scheme !== "http" && scheme !== "https") {
    return place.in("scheme").refuse(`"${scheme}" is no scheme of a redirect`, "write http or https");
  }
  if (port) checkPort(port, place.in("port"));
}

const warnBytes = 100 * 1_024;
const maxBytes = 1_024 * 1_024;

export function validateDirectResponse(response: HttpRoute["directResponse"], place: Place): void {
  if (!response) return;
  checkHttpStatus(response.status ?? 0, place.in("status"));
  const { string = "", bytes = "" } = response.body ?? {};
  const size = Math.max(new TextEncoder().encode(string).length, (bytes.length * 3) / 4);
  const hint = "serve large bodies from a service";
  if (size > maxBytes) place.in("body").refuse("the body is larger than 1 MiB", hint);
  else if (size > warnBytes) place.in("body").warn("a body of more than 100 KiB burdens istiod", hint);
}

/** Istiod lets 600 pass. */
export function checkHttpStatus(status: number, place: Place): void {
  if (status < 200 || status > 600) place.refuse(`${status} is no HTTP status`, "write a status from 200 to 599");
}

export function validateRewrite(rewrite: HttpRoute["rewrite"], place: Place): void {
  if (!rewrite) return;
  const { uri, authority, uriRegexRewrite } = rewrite;
  if (uri && uriRegexRewrite) {
    return place.in("uriRegexRewrite").refuse("uri and uriRegexRewrite exclude one another", "keep one of them");
  }
  if (!uri && !authority && !uriRegexRewrite) {
    return place.refuse("the rewrite changes nothing", "write uri, uriRegexRewrite or authority");
  }
  if (!uriRegexRewrite) return;
  if (!uriRegexRewrite.match || !uriRegexRewrite.rewrite) {
    return place.in("uriRegexRewrite").refuse("it needs both match and rewrite", "write match and rewrite");
  }
  checkRegex(uriRegexRewrite.match, place.in("uriRegexRewrite", "match"));
}
