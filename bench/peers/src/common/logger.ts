import { pino } from "pino";

/** JSON lines on stdout, gathered, as pino recommends for production: https://getpino.io/#/docs/asynchronous */
export const logger = pino(
  { level: process.env["LOG_LEVEL"] ?? "info", base: { service: process.env["SERVICE_NAME"] } },
  pino.destination({ dest: 1, sync: false, minLength: 8_192 }),
);
