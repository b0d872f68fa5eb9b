/**
 * A variable of the environment.
 *
 * @throws Error naming the variable when it is unset or empty and there is no default
 */
export function env(name: string, fallback?: string): string {
  const value = process.env[name] || fallback;
  if (value === undefined) throw new Error(`the environment variable ${name} is not set`);
  return value;
}

/**
 * A whole number of the environment.
 *
 * @throws Error naming the variable when it is no whole number, or unset without default
 */
export function envInteger(name: string, fallback?: number): number {
  const text = env(name, fallback?.toString());
  if (!/^-?\d+$/.test(text)) throw new Error(`the environment variable ${name} is "${text}", not a whole number`);
  return Number(text);
}

/**
 * A switch of the environment: `true` or `false`.
 *
 * @throws Error naming the variable when it is anything else
 */
export function envBoolean(name: string, fallback: boolean): boolean {
  const text = env(name, String(fallback));
  if (text !== "true" && text !== "false")
    throw new Error(`the environment variable ${name} is "${text}", not true or false`);
  return text === "true";
}

/**
 * A span of milliseconds of the environment: `400-620` or `500`.
 *
 * @returns undefined when it is unset
 * @throws Error naming the variable when it is anything else
 */
export function envRange(name: string): { readonly minMs: number; readonly maxMs: number } | undefined {
  const text = process.env[name];
  if (!text) return undefined;
  const match = /^(\d+)(?:-(\d+))?$/.exec(text);
  if (!match) throw new Error(`the environment variable ${name} is "${text}", not milliseconds such as 500 or 400-620`);
  const minMs = Number(match[1]);
  return { minMs, maxMs: Number(match[2] ?? minMs) };
}
