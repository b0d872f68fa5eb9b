import type { Policy } from "#mesh/service/policy.ts";
import type { PaymentStore } from "./store.ts";

/** Payment listens to nobody: reservation asks it. */
export const policies: Policy<PaymentStore>[] = [];
