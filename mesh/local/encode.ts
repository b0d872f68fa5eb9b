import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { encodeMessage, encodeResource, type Json, type ResourceKind } from "./envoy-api.ts";
import { listAt, without } from "./localize/json.ts";
import { printOf, shorten } from "./localize/memo.ts";

const virtualHostType = "type.googleapis.com/envoy.config.route.v3.VirtualHost";
/** Number of the field virtual_hosts in RouteConfiguration. */
const virtualHosts = 2;

/** A hash of a resource's content: its version. */
export function versionOf(kind: ResourceKind, json: Json): string {
  if (kind !== "routes") return printOf(json);
  return shorten(JSON.stringify(without(json, "virtual_hosts")) + printOf(listAt(json, "virtual_hosts")));
}

/**
 * The wire form of a resource. A route configuration is put together from its virtual hosts, because an edit changes one of them in
 * the configuration of every caller.
 *
 * @throws when it has a field or type that Envoy's API does not know, or a value of another type
 */
export function encode(kind: ResourceKind, json: Json): Uint8Array {
  if (kind !== "routes") return encodeResource(kind, json);
  const writer = new BinaryWriter();
  writer.raw(encodeResource(kind, without(json, "virtual_hosts")));
  for (const host of listAt(json, "virtual_hosts"))
    writer.tag(virtualHosts, WireType.LengthDelimited).bytes(hostBytes(host));
  return writer.finish();
}

const hosts = new WeakMap<Json, Uint8Array>();

function hostBytes(host: Json): Uint8Array {
  const kept = hosts.get(host);
  if (kept) return kept;
  const bytes = encodeMessage(virtualHostType, host);
  hosts.set(host, bytes);
  return bytes;
}
