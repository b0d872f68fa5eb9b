import { matchLabels } from "../../schema/selector.ts";
import { trafficPolicy } from "../../schema/traffic-policy.ts";
import { type Infer, list, map, message, string } from "../../schema/types.ts";

const subset = message({ name: string, labels: map(string), trafficPolicy });

export const schema = message({
  host: string,
  trafficPolicy,
  subsets: list(subset),
  exportTo: list(string),
  workloadSelector: matchLabels,
});

export type DestinationRule = Infer<typeof schema>;
export type Subset = Infer<typeof subset>;
export type TrafficPolicy = Infer<typeof trafficPolicy>;
