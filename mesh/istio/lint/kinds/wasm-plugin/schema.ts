import { attachment } from "../../schema/selector.ts";
import { type Infer, int32, list, message, oneOf, string, struct, uint32 } from "../../schema/types.ts";

export const schema = message({
  ...attachment,
  url: string,
  sha256: string,
  imagePullPolicy: oneOf("UNSPECIFIED_POLICY", "IfNotPresent", "Always"),
  imagePullSecret: string,
  verificationKey: string,
  pluginConfig: struct,
  pluginName: string,
  phase: oneOf("UNSPECIFIED_PHASE", "AUTHN", "AUTHZ", "STATS"),
  priority: int32,
  failStrategy: oneOf("FAIL_CLOSE", "FAIL_OPEN", "FAIL_RELOAD"),
  vmConfig: message({
    env: list(message({ name: string, valueFrom: oneOf("INLINE", "HOST"), value: string })),
  }),
  match: list(
    message({
      mode: oneOf("UNDEFINED", "CLIENT", "SERVER", "CLIENT_AND_SERVER"),
      ports: list(message({ number: uint32 })),
    }),
  ),
  type: oneOf("UNSPECIFIED_PLUGIN_TYPE", "HTTP", "NETWORK"),
});

export type WasmPlugin = Infer<typeof schema>;
