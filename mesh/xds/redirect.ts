import type { DirectResponse, Redirect } from "#mesh/istio/virtual-service.ts";
import { type JsonObject, message } from "./json.ts";

const responseCodes: Record<number, string | undefined> = {
  302: "FOUND",
  303: "SEE_OTHER",
  307: "TEMPORARY_REDIRECT",
  308: "PERMANENT_REDIRECT",
};

export interface RedirectContext {
  /** The port on which the request came in, as far as the configuration knows. */
  port: number;
  isTls: boolean;
}

/** Codes that Envoy can answer with. Istio accepts others, and then leaves the route without an action. */
export function isRedirectCode(code: number): boolean {
  return code === 0 || code === 301 || code in responseCodes;
}

export function redirectAction(redirect: Redirect, context: RedirectContext): JsonObject {
  return message({
    host_redirect: redirect.authority || undefined,
    path_redirect: redirect.uri ?? "",
    scheme_redirect: redirect.scheme || undefined,
    port_redirect: portOf(redirect, context) || undefined,
    response_code: responseCodes[redirect.redirectCode ?? 0],
  });
}

/** The default port of a scheme is never written into the location. */
function portOf(redirect: Redirect, { port, isTls }: RedirectContext): number {
  const wanted = redirect.derivePort === "FROM_REQUEST_PORT" ? port : (redirect.port ?? 0);
  const scheme = redirect.scheme || (isTls ? "https" : "http");
  const isDefault = (wanted === 80 && scheme === "http") || (wanted === 443 && scheme === "https");
  return isDefault ? 0 : wanted;
}

export function directResponseAction({ status = 0, body }: DirectResponse): JsonObject {
  const text = body?.string === undefined ? undefined : { inline_string: body.string };
  const bytes = body?.bytes === undefined ? undefined : { inline_bytes: body.bytes };
  return message({ status, body: text ?? bytes });
}
