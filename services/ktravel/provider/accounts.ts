import { createHash } from "node:crypto";
import type { Account } from "oidc-provider";

/** The people who have logged in since the start. Whoever types the same again is the same person. */
export class Accounts {
  readonly #emails = new Map<string, string>();

  /** @param typed an e-mail address, or any name: then the account has no e-mail */
  login(typed: string): string {
    const accountId = createHash("sha256").update(typed.trim().toLowerCase()).digest("hex").slice(0, 21);
    this.#emails.set(accountId, typed.includes("@") ? typed.trim() : "");
    return accountId;
  }

  find(accountId: string): Account | undefined {
    const email = this.#emails.get(accountId);
    if (email === undefined) return undefined;
    const shown = email === "" ? {} : { email, email_verified: true };
    return { accountId, claims: () => ({ sub: accountId, ...shown }) };
  }
}
