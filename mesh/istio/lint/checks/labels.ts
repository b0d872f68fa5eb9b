import type { Place } from "../place.ts";
import { isLabelKey, isLabelValue } from "./names.ts";

const hint = "write letters, digits, -, _ and . that start and end with a letter or digit, as Kubernetes' labels do";

export function checkLabels(labels: Record<string, string> | undefined, place: Place): void {
  for (const [key, value] of Object.entries(labels ?? {})) {
    if (!isLabelKey(key)) place.in(key).refuse(`"${key}" is no key of a label`, hint);
    if (!isLabelValue(value)) place.in(key).refuse(`"${value}" is no value of a label`, hint);
  }
}
