import type { Policy } from "#mesh/service/policy.ts";
import type { ProductStore } from "./store.ts";

/** Product listens to nobody: what is on sale, and how much of it, is decided here alone. */
export const policies: Policy<ProductStore>[] = [];
