import { expect, test } from "vitest";
import { Code } from "./codes.ts";
import { ServiceError } from "./errors.ts";
import { decodeErrorInfo, encodeStatus } from "./status-details.ts";

test("leaves empty metadata out, which would crash Envoy's transcoder", () => {
  const metadata = { orderId: "7", customerId: "" };
  const error = new ServiceError({
    code: Code.UNAVAILABLE,
    reason: "DELIVERY_UNAVAILABLE",
    message: "Later.",
    metadata,
  });
  const bytes = encodeStatus(error, "order.tword");
  expect(decodeErrorInfo(bytes)).toEqual({
    reason: "DELIVERY_UNAVAILABLE",
    domain: "order.tword",
    metadata: { orderId: "7" },
  });
  expect(bytes.includes("customerId")).toBe(false);
});
