import { status } from "@grpc/grpc-js";
import { RpcException } from "@nestjs/microservices";

export const notFound = (reason: string) => refusal(status.NOT_FOUND, reason);
export const failedPrecondition = (reason: string) => refusal(status.FAILED_PRECONDITION, reason);
export const invalidArgument = (reason: string) => refusal(status.INVALID_ARGUMENT, reason);
export const unavailable = (reason: string) => refusal(status.UNAVAILABLE, reason);

/** The gRPC code that an error will be answered with. */
export function codeOf(error: unknown): status {
  const told = error instanceof RpcException ? error.getError() : error;
  const code = typeof told === "object" && told !== null && "code" in told ? told.code : undefined;
  return typeof code === "number" ? code : status.INTERNAL;
}

function refusal(code: status, message: string): RpcException {
  return new RpcException({ code, message });
}
