import { few, type Route, shortName } from "../routes.ts";
import { formatDuration } from "../schema/duration.ts";
import type { Context } from "./context.ts";

/** Timeouts that cut streams (M004). */
export function checkTimeouts({ routes }: Context): void {
  for (const route of routes) if (route.route.timeout !== undefined) checkStreams(route);
}

function checkStreams({ route, methods, place }: Route): void {
  const streams = methods.filter(({ serverStreaming, clientStreaming }) => serverStreaming || clientStreaming);
  if (streams.length === 0) return;
  const message = `${few(streams.map(shortName))} streams, and is cut after ${formatDuration(route.timeout ?? 0)}, however healthy it is`;
  place.in("timeout").find("M004", message, "give it a route of its own in front, without timeout");
}
