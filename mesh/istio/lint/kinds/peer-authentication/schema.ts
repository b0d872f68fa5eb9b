import { matchLabels } from "../../schema/selector.ts";
import { type Infer, map, message, oneOf } from "../../schema/types.ts";

const mtls = message({ mode: oneOf("UNSET", "DISABLE", "PERMISSIVE", "STRICT") });

export const schema = message({ selector: matchLabels, mtls, portLevelMtls: map(mtls) });

export type PeerAuthentication = Infer<typeof schema>;
