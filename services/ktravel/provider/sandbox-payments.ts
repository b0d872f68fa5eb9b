import type { KoaContextWithOIDC } from "oidc-provider";

/** The amount that no card pays, so that a declined payment can be tried out. */
export const declinedTokens = 402;

/** A payment provider's sandbox: `POST /payments {"tokens": 10}` with an `idempotency-key`. No money is moved. */
export function sandboxPayments() {
  const paid = new Set<string>();
  return async (ctx: KoaContextWithOIDC, next: () => Promise<unknown>): Promise<void> => {
    if (ctx.path !== "/payments" || ctx.method !== "POST") {
      await next();
      return;
    }
    const key = ctx.get("idempotency-key");
    const tokens = await readTokens(ctx);
    if (key === "" || tokens === undefined) return answer(ctx, 400, "invalid");
    if (tokens === declinedTokens) return answer(ctx, 402, "declined");
    const isRepeat = paid.has(key);
    paid.add(key);
    answer(ctx, 200, isRepeat ? "paid before" : "paid");
  };
}

function answer(ctx: KoaContextWithOIDC, status: number, text: string): void {
  ctx.status = status;
  ctx.body = { status: text };
}

async function readTokens({ req }: KoaContextWithOIDC): Promise<number | undefined> {
  let text = "";
  for await (const chunk of req) text += String(chunk);
  try {
    const { tokens } = JSON.parse(text) as { tokens?: unknown };
    return typeof tokens === "number" && tokens > 0 ? tokens : undefined;
  } catch {
    return undefined;
  }
}
