import { env } from "#mesh/service/config.ts";
import { connectHttp } from "#mesh/service/http.ts";
import { aiGenerator } from "./ai-generator.ts";
import { refuse } from "./errors.ts";
import type { Generator } from "./generator.ts";
import { planner } from "./planner.ts";

/** The generator that the environment names: GENERATOR is `builtin` or `openai`. @throws Error for another */
export function openGenerator(): Generator {
  const name = env("GENERATOR", "builtin");
  if (name === "builtin") return planner;
  if (name !== "openai") throw new Error(`GENERATOR is "${name}"; it must be "builtin" or "openai"`);
  return aiGenerator({
    http: connectHttp(env("AI_TARGET"), { unavailable: refuse.AI_UNAVAILABLE }),
    model: env("AI_MODEL"),
    apiKey: env("AI_API_KEY", ""),
  });
}
