import { env, envInteger } from "./config.ts";

/** What the environment says of a service's process. */
export interface Settings {
  /** MESH_LISTEN */
  readonly listen: string;
  /** NATS_URL; undefined without events. */
  readonly natsUrl: string | undefined;
  /** NS: prefix of subjects; its upper case is the stream. */
  readonly ns: string;
  /** SHUTDOWN_GRACE_MS */
  readonly graceMs: number;
  /** EVENT_RETENTION_DAYS */
  readonly eventDays: number;
}

/** @param system the default of NS: `siren` */
export function readSettings(system: string): Settings {
  return {
    listen: env("MESH_LISTEN", "0.0.0.0:50051"),
    natsUrl: process.env["NATS_URL"],
    ns: env("NS", system),
    graceMs: envInteger("SHUTDOWN_GRACE_MS", 10_000),
    eventDays: envInteger("EVENT_RETENTION_DAYS", 30),
  };
}
