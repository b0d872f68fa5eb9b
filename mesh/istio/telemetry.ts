import { flag, type Infer, list, map, record, text, unsupported, word } from "./shape.ts";

const provider = record({ name: text });

const accessLogging = record({
  match: record({ mode: word("CLIENT_AND_SERVER", "CLIENT", "SERVER") }),
  providers: list(provider),
  disabled: flag,
  filter: record({ expression: text }),
});
export type AccessLogging = Infer<typeof accessLogging>;

export const telemetry = record({
  selector: record({ matchLabels: map(text) }),
  targetRef: unsupported("it is for Gateway API and waypoints"),
  targetRefs: unsupported("it is for Gateway API and waypoints"),
  accessLogging: list(accessLogging),
  tracing: unsupported("only access logs follow Telemetry resources"),
  metrics: unsupported("only access logs follow Telemetry resources"),
});
export type Telemetry = Infer<typeof telemetry>;
