import { describe, expect, expectTypeOf, it } from "vitest";
import { BadRequest, ErrorInfo, QuotaFailure, RetryInfo } from "#gen/proto/google/rpc/error_details.ts";
import { Status } from "#gen/proto/google/rpc/status.ts";
import { Code } from "./codes.ts";
import { isRefusal } from "./errors.ts";
import {
  aborted,
  alreadyExists,
  denied,
  exhausted,
  invalid,
  notFound,
  refusals,
  unauthenticated,
  unavailable,
} from "./refusals.ts";
import { decodeErrorInfo, encodeStatus } from "./status-details.ts";

const refuse = refusals({
  ORDER_NOT_FOUND: notFound("siren.order/Order", "There is no order {orderId}."),
  NAME_TAKEN: alreadyExists("siren.order/Name", "{name} is taken, also for {who}."),
  TOO_MANY: exhausted("Customer {customerId} has {count} orders."),
  BAD_QTY: invalid("order.qty", "qty must be even."),
  NOT_YOURS: denied("Not yours."),
  WHO_ARE_YOU: unauthenticated("Sign in."),
  START_OVER: aborted("Start over."),
  SLOW: unavailable("Slow.", { retryAfterMs: 1_250 }),
});

const detailsOf = (error: Parameters<typeof encodeStatus>[0]) => {
  const status = Status.decode(encodeStatus(error, "order.siren"));
  return {
    status,
    of: (type: string) => status.details.find(({ typeUrl }) => typeUrl.endsWith(type))?.value ?? Buffer.alloc(0),
  };
};

describe("refusals", () => {
  it("fill the message, and keep the arguments as metadata", () => {
    const error = refuse.NAME_TAKEN({ name: "tea", who: "Kim", extra: 3n });
    expect(error).toMatchObject({
      code: Code.ALREADY_EXISTS,
      reason: "NAME_TAKEN",
      message: "tea is taken, also for Kim.",
    });
    expect(error.metadata).toEqual({ name: "tea", who: "Kim", extra: "3" });
    expect(isRefusal(error, "NAME_TAKEN")).toBe(true);
    expect(isRefusal(new Error("x"), "NAME_TAKEN")).toBe(false);
  });

  it("do not fill what an argument brings along", () => {
    expect(refuse.NAME_TAKEN({ name: "{who}", who: "Kim" }).message).toBe("{who} is taken, also for Kim.");
  });

  it("know which arguments their message needs", () => {
    expectTypeOf(refuse.ORDER_NOT_FOUND).parameter(0).toHaveProperty("orderId");
    // @ts-expect-error orderId is missing
    refuse.ORDER_NOT_FOUND({});
    refuse.NOT_YOURS();
  });

  it("become google.rpc.Status with ErrorInfo first", () => {
    const { status } = detailsOf(refuse.ORDER_NOT_FOUND({ orderId: 7n }));
    expect(status).toMatchObject({ code: Code.NOT_FOUND, message: "There is no order 7." });
    expect(status.details.map(({ typeUrl }) => typeUrl)).toEqual([
      "type.googleapis.com/google.rpc.ErrorInfo",
      "type.googleapis.com/google.rpc.ResourceInfo",
    ]);
    expect(ErrorInfo.decode(status.details[0]?.value ?? Buffer.alloc(0))).toEqual({
      reason: "ORDER_NOT_FOUND",
      domain: "order.siren",
      metadata: { orderId: "7" },
    });
  });

  it("carry the details of their kind", () => {
    const quota = QuotaFailure.decode(detailsOf(refuse.TOO_MANY({ customerId: "kim", count: 10 })).of("QuotaFailure"));
    expect(quota.violations).toMatchObject([{ subject: "kim", description: "Customer kim has 10 orders." }]);
    const bad = BadRequest.decode(detailsOf(refuse.BAD_QTY()).of("BadRequest"));
    expect(bad.fieldViolations).toMatchObject([{ field: "order.qty", reason: "BAD_QTY" }]);
    const retry = RetryInfo.decode(detailsOf(refuse.SLOW()).of("RetryInfo"));
    expect(retry.retryDelay).toEqual({ seconds: 1n, nanos: 250_000_000 });
  });

  it("are read back by a caller, which survives bytes that are none", () => {
    expect(decodeErrorInfo(encodeStatus(refuse.NOT_YOURS(), "order.siren"))?.reason).toBe("NOT_YOURS");
    expect(decodeErrorInfo(Buffer.from([0xff, 0xff]))).toBeUndefined();
  });
});
