import type { KoaContextWithOIDC } from "oidc-provider";

type Body = Readonly<Record<string, unknown>>;

/** Naver's three endpoints, as a thin dress over those of OpenID. https://developers.naver.com/docs/login/api/api.md */
export async function naverFlavour(ctx: KoaContextWithOIDC, next: () => Promise<unknown>): Promise<void> {
  switch (ctx.path) {
    case "/oauth2.0/authorize":
      // Naver's request has no scope: what an application sees is set when it is registered.
      ctx.query = { ...ctx.query, scope: "openid email" };
      ctx.path = "/auth";
      await next();
      break;
    case "/oauth2.0/token":
      ctx.path = "/token";
      await next();
      answer(ctx, 200, tokenOf(bodyOf(ctx)));
      break;
    case "/v1/nid/me":
      ctx.path = "/me";
      await next();
      answer(ctx, ctx.status, profileOf(bodyOf(ctx)));
      break;
    default:
      await next();
  }
}

function bodyOf(ctx: KoaContextWithOIDC): Body {
  return typeof ctx.body === "object" && ctx.body !== null ? (ctx.body as Body) : {};
}

function answer(ctx: KoaContextWithOIDC, status: number, body: Body): void {
  ctx.status = status;
  ctx.body = body;
}

/** A refusal too has status 200, and numbers are text. */
function tokenOf({ access_token: token, expires_in: seconds, error, error_description: description }: Body): Body {
  if (token === undefined) return { error: error ?? "server_error", error_description: description ?? "" };
  return { access_token: token, token_type: "bearer", expires_in: String(seconds) };
}

function profileOf({ sub, email }: Body): Body {
  if (sub === undefined) return { resultcode: "024", message: "Authentication failed" };
  const shown = email === undefined ? {} : { email };
  return { resultcode: "00", message: "success", response: { id: sub, ...shown } };
}
