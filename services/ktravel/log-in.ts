import { type RestAnswer, rest } from "#mesh/local/rest.ts";

export interface Browser {
  /** Where the hosts of URLs are found instead of where DNS says: `http://127.0.0.1:8080`. Default: the URLs themselves */
  readonly gateway?: string;
  /** Cookies from before, which are kept. Default: a browser that was never there */
  readonly cookies?: Map<string, string>;
  /** What goes with every request, such as a traceparent. Default: nothing */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * What a person and their browser do between the authorization URL and the redirect URI: follow redirects, keep cookies, fill in the form of the local
 * provider.
 *
 * @param typed an e-mail address or a name; empty: the person cancels
 * @returns the redirect URI with `code` and `state`, or `error`
 * @throws Error with what the provider says instead
 */
export async function logInAtProvider(authorizationUrl: string, typed: string, browser: Browser = {}): Promise<URL> {
  const home = new URL(new URL(authorizationUrl).searchParams.get("redirect_uri") ?? "");
  const cookies = browser.cookies ?? new Map<string, string>();
  let url = new URL(authorizationUrl);
  let form: string | undefined;
  for (let steps = 0; steps < 10; steps++) {
    const answer = await visit(url, { form, cookies, browser });
    const { location } = answer.headers;
    form = undefined;
    if (typeof location === "string") {
      url = new URL(location, url);
      if (url.origin === home.origin && url.pathname === home.pathname) return url;
    } else if (answer.status === 200) {
      form = new URLSearchParams({ email: typed }).toString();
    } else {
      throw new Error(`${url.origin}${url.pathname} answers ${answer.status}: ${String(answer.body).slice(0, 2000)}`);
    }
  }
  throw new Error("the provider never sends the browser back");
}

interface Visit {
  /** What is posted; undefined: a plain visit. */
  readonly form: string | undefined;
  readonly cookies: Map<string, string>;
  readonly browser: Browser;
}

async function visit(url: URL, { form, cookies, browser }: Visit): Promise<RestAnswer> {
  const send = rest(browser.gateway ?? url.origin, url.host);
  const headers: Record<string, string> = {
    ...browser.headers,
    cookie: [...cookies].map((pair) => pair.join("=")).join("; "),
  };
  if (form !== undefined) headers["content-type"] = "application/x-www-form-urlencoded";
  const answer = await send(form === undefined ? "GET" : "POST", `${url.pathname}${url.search}`, form, headers);
  for (const cookie of answer.headers["set-cookie"] ?? []) {
    const [name = "", value = ""] = cookie.split(";", 1)[0]?.split(/=(.*)/s) ?? [];
    cookies.set(name, value);
  }
  return answer;
}
