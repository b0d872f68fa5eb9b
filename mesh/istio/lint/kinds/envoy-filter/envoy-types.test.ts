import { expect, it } from "vitest";
import { loadText } from "../../../load.ts";
import { lint } from "../../lint.ts";
import { envoyTypes } from "./envoy-types.ts";

const processor = "envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor";

function codesOf(mode: string): string[] {
  return codesAt(
    "request_body_mode",
    `{"@type": type.googleapis.com/${processor}, processing_mode: {request_body_mode: ${mode}}}`,
  );
}

function codesAt(field: string, typed: string): string[] {
  const text = `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: it, namespace: shop}
spec:
  configPatches:
    - applyTo: HTTP_FILTER
      patch:
        operation: INSERT_FIRST
        value:
          name: it
          typed_config: ${typed}
`;
  return lint(loadText(text, "test.yaml").objects)
    .filter(({ path }) => path.includes(field))
    .map(({ code }) => code);
}

it.runIf(envoyTypes()).each([
  ["a value that Envoy has", "STREAMED", []],
  ["one that a newer Envoy may have", "FULL_DUPLEX_STREAMED", ["IST0133"]],
  ["a misspelt one", "STREAMMED", ["IST0106"]],
])("takes %s as it is", (_, mode, codes) => {
  expect(codesOf(mode)).toEqual(codes);
});

it.runIf(envoyTypes()).each([
  ["the old name of a TypedStruct", "udpa.type.v1.TypedStruct", []],
  ["that name misspelt", "udpa.type.v1.TypedStructs", ["IST0106"]],
])("takes %s as istiod does", (_, type, codes) => {
  expect(codesAt("@type", `{"@type": type.googleapis.com/${type}}`)).toEqual(codes);
});

it.runIf(envoyTypes()).each([
  ["aGk=", []],
  ["a", ["IST0106"]],
])("reads bytes as base64, %s: %s", (bytes, codes) => {
  const transcoder = "envoy.extensions.filters.http.grpc_json_transcoder.v3.GrpcJsonTranscoder";
  const typed = `{"@type": type.googleapis.com/${transcoder}, proto_descriptor_bin: ${bytes}}`;
  expect(codesAt("proto_descriptor_bin", typed)).toEqual(codes);
});
