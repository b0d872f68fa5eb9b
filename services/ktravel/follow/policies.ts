import type { Policy } from "#mesh/service/policy.ts";
import { memberPolicies } from "../member-copy.ts";
import type { FollowStore } from "./store.ts";

/** Follow keeps nicknames, so that it knows who can be followed while member is away. */
export const policies: Policy<FollowStore>[] = memberPolicies();
