import { parseDuration } from "#mesh/istio/shape.ts";
import { durationOf, type Json } from "../json.ts";

/** The first value of Envoy's enums, and plain zeros, by the fields that patches set: in protobuf they are no value at all. */
const noValue: Readonly<Record<string, string | number>> = {
  codec_type: "AUTO",
  dns_lookup_family: "AUTO",
  forward_client_cert_details: "SANITIZE",
  headers_with_underscores_action: "ALLOW",
  lb_policy: "ROUND_ROBIN",
  path_with_escaped_slashes_action: "IMPLEMENTATION_SPECIFIC_DEFAULT",
  require_tls: "NONE",
  server_header_transformation: "OVERWRITE",
  xff_num_trusted_hops: 0,
};

/** Whether a value is written that protobuf does not write. */
export function isNoValue(field: string, value: unknown): boolean {
  return value !== undefined && noValue[field] === value;
}

/**
 * Whether a patch's value leaves a field of a message as it is. Zeros are not set in protobuf, nor inside a wrapper such as
 * `UInt32Value`: a patch cannot turn `true` into `false`, or 2 into 0. Where there is no value yet, a wrapper gets its zero.
 */
export function isUnset(value: Json, present: Json | undefined): boolean {
  return present !== undefined && (value === false || value === 0 || value === "");
}

/** What fields of Envoy that hold durations end in; `max_age` is text. */
const durationField = /(timeout|interval|delay|duration|time|ttl|window|backoff|_rate|jitter|_age)$/;

/** A duration as protobuf's JSON has it: istiod also takes Go's notation, such as `24h` or `1m30s`, which Envoy refuses. */
export function withUnitOfSeconds(field: string, value: string): string {
  if (field === "max_age" || !durationField.test(field)) return value;
  const ms = parseDuration(value);
  return ms === undefined ? value : durationOf(ms);
}
