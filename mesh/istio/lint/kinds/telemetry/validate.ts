import { checkAttachment } from "../../checks/selectors.ts";
import type { Place } from "../../place.ts";
import { celProblem } from "./cel.ts";
import type { CustomTag, Metrics, Telemetry, Tracing } from "./schema.ts";

/** What istiod's webhook says of a Telemetry. */
export function validate(spec: Telemetry, place: Place): void {
  checkAttachment(spec, place);
  spec.metrics?.forEach((metrics, index) => {
    validateMetrics(metrics, place.in("metrics", index));
  });
  if ((spec.tracing?.length ?? 0) > 1) place.in("tracing").warn("only the first entry is used", "keep one entry");
  spec.tracing?.forEach((tracing, index) => {
    validateTracing(tracing, place.in("tracing", index));
  });
  spec.accessLogging?.forEach(({ filter, providers }, index) => {
    const at = place.in("accessLogging", index);
    const problem = filter ? celProblem(filter.expression ?? "") : undefined;
    const hint = "write an expression of CEL, such as response.code >= 400";
    if (problem) at.in("filter", "expression").refuse(`the filter is no expression of CEL: ${problem}`, hint);
    checkProviders(providers, at);
  });
}

function checkProviders(providers: { name?: string }[] | undefined, place: Place): void {
  providers?.forEach(({ name }, index) => {
    if (!name)
      place.in("providers", index).refuse("the provider has no name", "write one of the mesh's extensionProviders");
  });
}

function validateTracing(tracing: Tracing, place: Place): void {
  if ((tracing.providers?.length ?? 0) > 1) place.in("providers").warn("only the first provider is used", "keep one");
  checkProviders(tracing.providers, place);
  const share = tracing.randomSamplingPercentage ?? 0;
  if (share < 0 || share > 100) {
    place.in("randomSamplingPercentage").refuse(`${share} is no percentage`, "write a number from 0 to 100");
  }
  for (const [name, tag] of Object.entries(tracing.customTags ?? {}))
    validateTag(name, tag, place.in("customTags", name));
}

function validateTag(name: string, tag: CustomTag, place: Place): void {
  if (name === "") place.refuse("the tag has no name", "write the tag's name");
  if (tag.literal && !tag.literal.value) place.in("literal").refuse("the tag has no value", "write `value:`");
  for (const field of ["header", "environment"] as const) {
    if (tag[field] && !tag[field].name) place.in(field).refuse(`the ${field} has no name`, "write `name:`");
  }
}

function validateMetrics(metrics: Metrics, place: Place): void {
  checkProviders(metrics.providers, place);
  metrics.overrides?.forEach((override, index) => {
    const at = place.in("overrides", index);
    for (const [name, { operation = "UPSERT", value = "" }] of Object.entries(override.tagOverrides ?? {})) {
      const tag = at.in("tagOverrides", name);
      if (name === "") tag.warn("the tag has no name", "write the tag's name");
      if (operation === "UPSERT" && value === "") {
        tag.refuse("UPSERT needs a value", "write `value:`, an expression in quotes, or operation: REMOVE");
      }
      if (operation === "REMOVE" && value !== "") tag.refuse("REMOVE has no value", "remove value");
    }
    if (override.match?.customMetric === "")
      at.in("match", "customMetric").refuse("the metric has no name", "write it");
  });
}
