import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  createFileRegistry,
  type DescMessage,
  type FileRegistry,
  fromBinary,
  fromJson,
  type JsonObject,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

/** A message in protobuf JSON with the original field names. */
export type Json = JsonObject;

export const typeUrls = {
  clusters: "type.googleapis.com/envoy.config.cluster.v3.Cluster",
  endpoints: "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
  listeners: "type.googleapis.com/envoy.config.listener.v3.Listener",
  routes: "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
  secrets: "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
} as const;

export type ResourceKind = keyof typeof typeUrls;

let loaded: FileRegistry | undefined;

/** Envoy's v3 API, from gen/envoy.binpb. Loading takes about 0.1 s, once. */
export function envoyApi(): FileRegistry {
  if (!loaded) {
    const file = join(import.meta.dirname, "..", "..", "gen", "envoy.binpb");
    loaded = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(file)));
  }
  return loaded;
}

/**
 * The wire form of a resource.
 *
 * @throws when it has a field or type that Envoy's API does not know, or a value of another type
 */
export function encodeResource(kind: ResourceKind, json: Json): Uint8Array {
  return encodeMessage(typeUrls[kind], json);
}

export function encodeMessage(typeUrl: string, json: Json): Uint8Array {
  const registry = envoyApi();
  const schema = messageOf(typeUrl);
  return toBinary(schema, fromJson(schema, json, { registry }));
}

/** The protobuf JSON of a message's wire form, with lowerCamelCase field names. */
export function decodeMessage(typeUrl: string, bytes: Uint8Array): Json {
  const schema = messageOf(typeUrl);
  const json = toJson(schema, fromBinary(schema, bytes), { registry: envoyApi() });
  return json && typeof json === "object" && !Array.isArray(json) ? json : {};
}

function messageOf(typeUrl: string): DescMessage {
  const name = typeUrl.slice(typeUrl.lastIndexOf("/") + 1);
  const schema = envoyApi().getMessage(name);
  if (!schema) throw new Error(`Envoy's API has no message ${name}`);
  return schema;
}
