import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { decodeMessage } from "./envoy-api.ts";

/** What Envoy says on a delta ADS stream: subscribes, acknowledges (nonce) or rejects (nonce and error). */
export interface DeltaRequest {
  readonly typeUrl: string;
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  /** Name to version: what Envoy holds already when it connects again. */
  readonly initialVersions: Readonly<Record<string, string>>;
  readonly nonce: string;
  readonly error: string | undefined;
}

export interface DeltaResponse {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly resources: readonly { readonly name: string; readonly version: string; readonly bytes: Uint8Array }[];
  readonly removed: readonly string[];
}

const requestType = "type.googleapis.com/envoy.service.discovery.v3.DeltaDiscoveryRequest";

export function decodeDeltaRequest(bytes: Uint8Array): DeltaRequest {
  const json: {
    typeUrl?: string;
    resourceNamesSubscribe?: string[];
    resourceNamesUnsubscribe?: string[];
    initialResourceVersions?: Record<string, string>;
    responseNonce?: string;
    errorDetail?: { message?: string };
  } = decodeMessage(requestType, bytes);
  return {
    typeUrl: json.typeUrl ?? "",
    subscribe: json.resourceNamesSubscribe ?? [],
    unsubscribe: json.resourceNamesUnsubscribe ?? [],
    initialVersions: json.initialResourceVersions ?? {},
    nonce: json.responseNonce ?? "",
    error: json.errorDetail ? (json.errorDetail.message ?? "rejected without a reason") : undefined,
  };
}

/** DeltaDiscoveryResponse, by hand: the resources are encoded already, and a generic encoder would copy them twice more. */
export function encodeDeltaResponse(response: DeltaResponse): Buffer {
  const writer = new BinaryWriter();
  for (const { name, version, bytes } of response.resources) {
    writer.tag(2, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.LengthDelimited).string(version);
    writer.tag(2, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.LengthDelimited).string(response.typeUrl);
    writer.tag(2, WireType.LengthDelimited).bytes(bytes);
    writer.join();
    writer.tag(3, WireType.LengthDelimited).string(name);
    writer.join();
  }
  writer.tag(4, WireType.LengthDelimited).string(response.typeUrl);
  writer.tag(5, WireType.LengthDelimited).string(response.nonce);
  for (const name of response.removed) writer.tag(6, WireType.LengthDelimited).string(name);
  return Buffer.from(writer.finish());
}
