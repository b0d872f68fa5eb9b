import { list, map, message, string } from "./types.ts";

/** `selector` of the security, telemetry and extension kinds, and of DestinationRule. */
export const matchLabels = message({ matchLabels: map(string) });

/** `workloadSelector` of the older networking kinds. */
export const labelSelector = message({ labels: map(string) });

export const targetRef = message({ group: string, kind: string, name: string, namespace: string });

/** How policies say whom they are for. */
export const attachment = { selector: matchLabels, targetRef, targetRefs: list(targetRef) };
