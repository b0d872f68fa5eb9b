import { attachment } from "../../schema/selector.ts";
import { bool, double, duration, type Infer, list, map, message, oneOf, string } from "../../schema/types.ts";

const mode = oneOf("CLIENT_AND_SERVER", "CLIENT", "SERVER");
const providers = list(message({ name: string }));

const customTag = message(
  {
    literal: message({ value: string }),
    environment: message({ name: string, defaultValue: string }),
    header: message({ name: string, defaultValue: string }),
    formatter: message({ value: string }),
  },
  { oneOf: ["literal", "environment", "header", "formatter"] },
);

const tracing = message({
  match: message({ mode }),
  providers,
  randomSamplingPercentage: double,
  disableSpanReporting: bool,
  customTags: map(customTag),
  useRequestIdForTraceSampling: bool,
  enableIstioTags: bool,
});

const metric = oneOf(
  "ALL_METRICS",
  "REQUEST_COUNT",
  "REQUEST_DURATION",
  "REQUEST_SIZE",
  "RESPONSE_SIZE",
  "TCP_OPENED_CONNECTIONS",
  "TCP_CLOSED_CONNECTIONS",
  "TCP_SENT_BYTES",
  "TCP_RECEIVED_BYTES",
  "GRPC_REQUEST_MESSAGES",
  "GRPC_RESPONSE_MESSAGES",
);

const override = message({
  match: message({ metric, customMetric: string, mode }, { oneOf: ["metric", "customMetric"] }),
  disabled: bool,
  tagOverrides: map(message({ operation: oneOf("UPSERT", "REMOVE"), value: string })),
});

const metrics = message({ providers, overrides: list(override), reportingInterval: duration });

const accessLogging = message({
  match: message({ mode }),
  providers,
  disabled: bool,
  filter: message({ expression: string }),
});

export const schema = message({
  ...attachment,
  tracing: list(tracing),
  metrics: list(metrics),
  accessLogging: list(accessLogging),
});

export type Telemetry = Infer<typeof schema>;
export type Tracing = Infer<typeof tracing>;
export type Metrics = Infer<typeof metrics>;
export type CustomTag = Infer<typeof customTag>;
