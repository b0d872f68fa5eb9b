import { randomBytes } from "node:crypto";
import { type Metadata, status } from "@grpc/grpc-js";
import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from "@nestjs/common";
import { Observable } from "rxjs";
import { logger } from "./logger.ts";
import { codeOf } from "./refusal.ts";
import { type RequestContext, runInContext } from "./request-context.ts";

/** One line a call, and the ids of the flow for whatever happens inside of it. */
@Injectable()
export class LoggingInterceptor implements NestInterceptor {
  intercept(execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    const started = performance.now();
    const context = contextOf(execution.switchToRpc().getContext<Metadata>());
    const method = `${execution.getClass().name}/${execution.getHandler().name}`;
    const finished = (error?: unknown) => {
      const { traceId, correlationId, requestId } = context;
      const code = status[error === undefined ? status.OK : codeOf(error)];
      const durationMs = Math.round((performance.now() - started) * 10) / 10;
      const line = { method, traceId, correlationId, requestId, code, durationMs };
      if (code === "INTERNAL") logger.error({ ...line, err: error }, "call failed");
      else logger.info(line, "call");
    };
    return new Observable((subscriber) => {
      return runInContext(context, () =>
        next.handle().subscribe({
          next: (value) => subscriber.next(value),
          error: (error: unknown) => {
            finished(error);
            subscriber.error(error);
          },
          complete: () => {
            finished();
            subscriber.complete();
          },
        }),
      );
    });
  }
}

function contextOf(metadata: Metadata): RequestContext {
  const text = (key: string) => metadata.get(key)[0]?.toString();
  const arrived = /^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/.exec(text("traceparent") ?? "");
  const traceId = arrived?.[1] ?? randomBytes(16).toString("hex");
  return {
    traceId,
    traceparent: arrived?.[0] ?? `00-${traceId}-${randomBytes(8).toString("hex")}-00`,
    correlationId: text("x-correlation-id"),
    requestId: text("x-request-id"),
    causationId: null,
  };
}
