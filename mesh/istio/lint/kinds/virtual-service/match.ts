import { checkGatewayNames } from "../../checks/gateway-names.ts";
import { checkMatchHeader } from "../../checks/header-names.ts";
import { checkLabels } from "../../checks/labels.ts";
import { isDnsLabel } from "../../checks/names.ts";
import { checkPort } from "../../checks/numbers.ts";
import { checkRegex } from "../../checks/regexes.ts";
import type { Place } from "../../place.ts";
import type { HttpMatch, StringMatch } from "./schema.ts";

export function validateMatch(match: HttpMatch, place: Place): void {
  for (const [name, value] of Object.entries(match.headers ?? {})) {
    checkMatchHeader(name, place.in("headers", name));
    checkStringMatch(value, place.in("headers", name));
  }
  for (const [name, value] of Object.entries(match.withoutHeaders ?? {})) {
    checkMatchHeader(name, place.in("withoutHeaders", name));
    // Here, a regular expression of `*` alone means "any value".
    if (value.regex !== "*") checkStringMatch(value, place.in("withoutHeaders", name));
  }
  for (const [name, value] of Object.entries(match.queryParams ?? {})) {
    checkStringMatch(value, place.in("queryParams", name));
  }
  if (match.uri?.regex !== undefined) checkRegex(match.uri.regex, place.in("uri", "regex"));
  checkStringMatch(match.scheme, place.in("scheme"));
  checkStringMatch(match.method, place.in("method"));
  checkStringMatch(match.authority, place.in("authority"));
  if (match.port) checkPort(match.port, place.in("port"));
  checkLabels(match.sourceLabels, place.in("sourceLabels"));
  checkGatewayNames(match.gateways, place.in("gateways"), { warns: false });
  if (match.sourceNamespace && !isDnsLabel(match.sourceNamespace)) {
    place.in("sourceNamespace").refuse(`"${match.sourceNamespace}" is no namespace`, "write the name of a namespace");
  }
}

function checkStringMatch(match: StringMatch | undefined, place: Place): void {
  if (!match) return;
  if (match.regex !== undefined) checkRegex(match.regex, place.in("regex"));
  else if (match.prefix === "") {
    place.in("prefix").refuse("an empty prefix matches everything", "write {} to match any value, or a prefix");
  }
}
