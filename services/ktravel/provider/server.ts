import type Provider from "oidc-provider";
import type { KoaContextWithOIDC } from "oidc-provider";
import { Accounts } from "./accounts.ts";
import { loginPage } from "./login-page.ts";
import { naverFlavour } from "./naver-flavour.ts";
import { type OidcOptions, openProvider } from "./oidc.ts";
import { sandboxPayments } from "./sandbox-payments.ts";

export interface Address {
  /** 0: any */
  readonly port: number;
  readonly host: string;
}

/** Starts the provider. */
export async function startProvider(
  options: Omit<OidcOptions, "accounts">,
  { port, host }: Address,
): Promise<ReturnType<Provider["listen"]>> {
  const accounts = new Accounts();
  const provider = await openProvider({ ...options, accounts });
  provider.use(async (ctx, next) => {
    if (ctx.path !== "/healthz") return next();
    ctx.body = "ok";
  });
  provider.use(sandboxPayments());
  provider.use(loginPage(provider, accounts));
  provider.use(naverFlavour);
  provider.use(forgetSession);
  const server = provider.listen(port, host);
  await new Promise<void>((resolve, reject) => server.once("listening", resolve).once("error", reject));
  return server;
}

/** Whoever is logged in already is asked all the same, and may be somebody else: in development one person is several members. */
async function forgetSession(ctx: KoaContextWithOIDC, next: () => Promise<unknown>): Promise<void> {
  if (/^\/auth(\/|$)/.test(ctx.path)) {
    const { headers } = ctx.req;
    const cookies = headers.cookie?.split("; ").filter((cookie) => !cookie.startsWith("_session"));
    if (cookies) headers.cookie = cookies.join("; ");
  }
  await next();
}
