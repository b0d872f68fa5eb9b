import type { Place } from "../../place.ts";
import type { HttpMatch, HttpRoute, StringMatch, VirtualService } from "./schema.ts";

interface Matched {
  match?: object[];
}

/** Warns of rules and matches that earlier ones leave nothing for, in the way istiod finds them. */
export function warnUnreachable(spec: VirtualService, place: Place): void {
  for (const field of ["http", "tls", "tcp"] as const) warnUnused(spec[field] ?? [], place.in(field));
  warnOverlapping(spec.http ?? [], place.in("http"));
}

function warnUnused(rules: readonly Matched[], place: Place): void {
  const seen = new Map<string, number>();
  let open = -1;
  rules.forEach((rule, index) => {
    const at = place.in(index);
    const takesAll = `rule ${open} takes every request`;
    if (!rule.match?.length) {
      if (open >= 0) report(at, "IST0130", `${takesAll}, so this rule gets none`);
      open = index;
      return;
    }
    let repeated = 0;
    rule.match.forEach((match, matchIndex) => {
      const text = canonical(match);
      const earlier = seen.get(text);
      if (open >= 0) report(at, "IST0130", `${takesAll}, so this rule gets none`);
      else if (earlier === undefined) seen.set(text, index);
      else {
        repeated++;
        report(at.in("match", matchIndex), "IST0131", `rule ${earlier} has the same match`);
      }
    });
    if (repeated === rule.match.length)
      report(at, "IST0130", "earlier rules have all of its matches, so it gets no request");
  });
}

/** Istiod's webhook warns (IST0133), and `istioctl analyze` reports the same under a code of its own. */
function report(place: Place, code: "IST0130" | "IST0131", reason: string): void {
  const hint = "put the more specific rule first, or remove this one";
  place.warn(reason, hint);
  place.find(code, reason, hint);
}

function canonical(match: object): string {
  const entries = Object.entries(match).filter(([name, value]) => name !== "name" && isWritten(name, value));
  return JSON.stringify(sorted(Object.fromEntries(entries)));
}

/** These are there when they are empty; of the other fields istiod does not see the difference. */
const strings = new Set(["uri", "scheme", "method", "authority"]);

function isWritten(name: string, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return Boolean(value);
  return strings.has(name) || Object.keys(value).length > 0;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, item]) => [key, sorted(item)]);
}

interface Prefix {
  place: Place;
  prefix: string;
  port: number;
  /** What else is matched on, by field and name; a method that is not written counts as GET. */
  texts: Map<string, string>[];
  method: string;
  authority: string;
}

function warnOverlapping(routes: readonly HttpRoute[], place: Place): void {
  const prefixes = routes.flatMap((route, index) =>
    (route.match ?? []).flatMap((match, matchIndex) => readPrefix(match, place.in(index, "match", matchIndex))),
  );
  prefixes.forEach((later, index) => {
    const earlier = prefixes.slice(0, index).find((candidate) => covers(candidate, later));
    if (!earlier) return;
    report(later.place, "IST0131", `the earlier prefix "${earlier.prefix}" takes what "${later.prefix}" would match`);
  });
}

function readPrefix(match: HttpMatch, place: Place): Prefix[] {
  const prefix = match.uri?.prefix;
  if (!prefix) return [];
  const maps = [match.headers, match.queryParams, match.withoutHeaders];
  return [
    {
      place,
      prefix,
      port: match.port ?? 0,
      method: textOf(match.method) || "exact:GET",
      authority: textOf(match.authority),
      texts: maps.map((map) => new Map(Object.entries(map ?? {}).map(([name, value]) => [name, textOf(value)]))),
    },
  ];
}

function textOf(match: StringMatch | undefined): string {
  if (match?.exact) return `exact:${match.exact}`;
  return match?.prefix ? `prefix:${match.prefix}` : "";
}

function covers(earlier: Prefix, later: Prefix): boolean {
  return (
    earlier.prefix !== later.prefix &&
    later.prefix.startsWith(earlier.prefix) &&
    earlier.port === later.port &&
    earlier.method.startsWith(later.method) &&
    earlier.authority.startsWith(later.authority) &&
    earlier.texts.every((texts, index) => coversTexts(texts, later.texts[index] ?? new Map()))
  );
}

function coversTexts(earlier: Map<string, string>, later: Map<string, string>): boolean {
  if (earlier.size !== later.size) return false;
  for (const [name, text] of earlier) {
    const other = later.get(name);
    if (other === undefined || !text.startsWith(other)) return false;
  }
  return true;
}
