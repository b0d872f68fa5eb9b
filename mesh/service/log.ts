import { type Logger, pino } from "pino";
import { env } from "./config.ts";

export type { Logger } from "pino";

/** Lines wait here at most this long, so that one write serves many; `log.flush()` at exit writes the rest. */
const flushMs = 50;
const bufferBytes = 32_768;
const maxWriteBytes = 65_536;

/**
 * The process's log: JSON lines on stdout, level from `LOG_LEVEL` (default `info`).
 *
 * @param service `order.siren`
 */
export function openLog(service: string): Logger {
  const destination = pino.destination({
    fd: 1,
    sync: false,
    minLength: bufferBytes,
    maxWrite: maxWriteBytes,
    periodicFlush: flushMs,
  });
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
