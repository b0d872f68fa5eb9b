import type { Policy } from "#mesh/service/policy.ts";
import type { ProductStore } from "./store.ts";

/** Product listens to nobody: registering a product never depends on another service. */
export const policies: Policy<ProductStore>[] = [];
