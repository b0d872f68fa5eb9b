import type { Infer } from "../../schema/types.ts";
import { workloadEntry } from "../../schema/workload-entry.ts";

export const schema = workloadEntry;

export type WorkloadEntry = Infer<typeof schema>;
