import { AsyncLocalStorage } from "node:async_hooks";

/** What belongs to one call or event, for log lines, callees and events. */
export interface RequestContext {
  readonly traceparent: string;
  readonly traceId: string;
  readonly causationId: string | null;
  correlationId: string | undefined;
  requestId: string | undefined;
}

const storage = new AsyncLocalStorage<RequestContext>();

export function runInContext<T>(context: RequestContext, work: () => T): T {
  return storage.run(context, work);
}

export function currentContext(): RequestContext {
  const context = storage.getStore();
  if (!context) throw new Error("outside of a call or an event");
  return context;
}

export function correlate(id: bigint | string): void {
  currentContext().correlationId = String(id);
}
