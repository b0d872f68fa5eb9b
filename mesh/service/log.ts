import { type Logger, pino } from "pino";
import { env } from "./config.ts";
import { LineBuffer } from "./line-buffer.ts";

export type { Logger } from "pino";

/** Lines wait at most this long, so that one write serves many; `log.flush()` at the end writes the rest. */
const gatherMs = 50;
const gatherChars = 32_768;
const maxChars = 8 * 1024 * 1024;

/**
 * The process's log: JSON lines on stdout, level from `LOG_LEVEL` (default `info`).
 *
 * @param service `order.siren`
 */
export function openLog(service: string): Logger {
  const destination = new LineBuffer({ fd: 1, gatherChars, gatherMs, maxChars });
  return pino(
    {
      level: env("LOG_LEVEL", "info"),
      base: { service, ...(process.env["POD_NAME"] ? { pod: process.env["POD_NAME"] } : {}) },
      messageKey: "msg",
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
    },
    destination,
  );
}

/** Name, message, stack and causes of an error; no own properties, which may hold a whole request. */
export function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error) };
  return {
    type: error.name,
    message: error.message,
    stack: error.stack,
    ...("code" in error ? { code: error.code } : {}),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
}
