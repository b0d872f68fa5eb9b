import { expect, it } from "vitest";
import { loadText } from "../../../load.ts";
import { lint } from "../../lint.ts";
import { envoyTypes } from "./envoy-types.ts";

function codesOf(mode: string): string[] {
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
          typed_config:
            "@type": type.googleapis.com/envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor
            processing_mode: {request_body_mode: ${mode}}
`;
  return lint(loadText(text, "test.yaml").objects)
    .filter(({ path }) => path.endsWith("request_body_mode"))
    .map(({ code }) => code);
}

it.runIf(envoyTypes()).each([
  ["a value that Envoy has", "STREAMED", []],
  ["one that a newer Envoy may have", "FULL_DUPLEX_STREAMED", ["IST0133"]],
  ["a misspelt one", "STREAMMED", ["IST0106"]],
])("takes %s as it is", (_, mode, codes) => {
  expect(codesOf(mode)).toEqual(codes);
});
