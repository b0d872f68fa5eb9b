import { isObject, type JsonObject } from "../json.ts";
import { parseOutboundCluster, parseServerName } from "../names.ts";
import { sameOrigin } from "../origin.ts";
import { mergeMessage, mergePacked } from "./merge.ts";
import { addsTo, isFor, type Patch, type PatchContext } from "./patches.ts";

/** Applies patches to the clusters of one side of a proxy. `hostsOf` names the services behind an inbound cluster. */
export function patchClusters(
  clusters: JsonObject[],
  all: Patch[],
  { context, hostsOf }: { context: PatchContext; hostsOf: (cluster: string) => readonly string[] },
): JsonObject[] {
  const patches = all.filter(({ applyTo }) => applyTo === "CLUSTER");
  if (patches.length === 0) return clusters;
  const patched = clusters.flatMap((original) => {
    const cluster = sameOrigin(structuredClone(original), original);
    for (const patch of patches.filter((each) => isFor(each, context) && matches(cluster, each, hostsOf))) {
      if (patch.operation === "REMOVE") return [];
      if (patch.operation === "MERGE") mergeCluster(cluster, patch.value);
    }
    return [cluster];
  });
  const added = patches.filter((patch) => addsTo(patch, context)).map(({ value }) => structuredClone(value));
  return [...patched, ...added];
}

function matches(cluster: JsonObject, { match }: Patch, hostsOf: (cluster: string) => readonly string[]): boolean {
  const wanted = match.cluster;
  if (!wanted) return true;
  const name = String(cluster["name"]);
  if (wanted.name) return wanted.name === name;
  const outbound = parseOutboundCluster(name) ?? parseServerName(name);
  const port = outbound?.port ?? Number(/^inbound\|(\d+)\|/.exec(name)?.[1] ?? 0);
  const hosts = outbound ? [outbound.host] : hostsOf(name);
  return (
    (!wanted.subset || wanted.subset === outbound?.subset) &&
    (!wanted.service || hosts.includes(wanted.service)) &&
    (!wanted.portNumber || wanted.portNumber === port)
  );
}

/** A patch with a transport socket changes that alone: merged into one of the same name, else in its place. */
function mergeCluster(cluster: JsonObject, value: JsonObject): void {
  const patch = value["transport_socket"];
  if (!isObject(patch)) return mergeMessage(cluster, value);
  const candidates = cluster["transport_socket_matches"];
  if (Array.isArray(candidates) && candidates.length > 0) {
    const found = candidates.filter(isObject).map((each) => each["transport_socket"]);
    const same = found.filter(isObject).find((socket) => socket["name"] === patch["name"]);
    if (same) mergeSocket(same, patch);
    return;
  }
  const socket = cluster["transport_socket"];
  if (isObject(socket) && socket["name"] === patch["name"]) mergeSocket(socket, patch);
  else cluster["transport_socket"] = structuredClone(patch);
}

function mergeSocket(socket: JsonObject, patch: JsonObject): void {
  const config = mergePacked(socket["typed_config"], patch["typed_config"]);
  if (config !== undefined) socket["typed_config"] = config;
}
