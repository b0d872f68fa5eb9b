import type Provider from "oidc-provider";
import type { KoaContextWithOIDC } from "oidc-provider";
import type { Accounts } from "./accounts.ts";

const path = /^\/interaction\/[\w-]+$/;
const largestForm = 4096;

/** The page on which a person says who they are. There is no password: everyone who reaches it is let in. */
export function loginPage(provider: Provider, accounts: Accounts) {
  return async (ctx: KoaContextWithOIDC, next: () => Promise<unknown>): Promise<void> => {
    if (!path.test(ctx.path)) {
      await next();
    } else if (ctx.method === "POST") {
      const typed = (await readForm(ctx)).get("email")?.trim() ?? "";
      const result =
        typed === "" ? { error: "access_denied" } : { login: { accountId: accounts.login(typed), remember: false } };
      // Refused unless the browser has the cookie of this very login.
      ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, result, { mergeWithLastSubmission: false }));
      ctx.status = 303;
    } else {
      const { params } = await provider.interactionDetails(ctx.req, ctx.res);
      ctx.set("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
      ctx.type = "html";
      ctx.body = page(String(params["client_id"]));
    }
  };
}

async function readForm({ req }: KoaContextWithOIDC): Promise<URLSearchParams> {
  let text = "";
  for await (const chunk of req) {
    text += String(chunk);
    if (text.length > largestForm) throw new Error("the form is too large");
  }
  return new URLSearchParams(text);
}

function page(client: string): string {
  const name = client.replaceAll(/[^\w-]/g, "");
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Local provider: ${name}</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 24rem; margin: 4rem auto; padding: 0 1rem }
  input, button { font: inherit; padding: .5rem; width: 100%; box-sizing: border-box; margin: .25rem 0 }
</style>
<h1>Log in: ${name}</h1>
<p>This provider is for development. Nobody is checked; whoever types the same is the same person.</p>
<form method="post">
  <label>E-mail, or any name for an account without one
    <input name="email" autocomplete="username" autofocus required maxlength="200">
  </label>
  <button type="submit">Log in</button>
  <button type="submit" formnovalidate>Cancel</button>
</form>
</html>
`;
}
