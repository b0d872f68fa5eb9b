// The grammar of names in Istio and Kubernetes, as istiod's webhook reads it (release 1.29).

const labelText = "[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?";
const qualifiedText = "(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

const dnsLabel = new RegExp(`^${labelText}$`);
const wildcardLabel = new RegExp(`^(?:\\*|(?:\\*|\\*-)?${labelText})$`);
const labelKey = new RegExp(`^(${labelText}(?:\\.${labelText})*/)?(${qualifiedText})$`);
const labelValue = new RegExp(`^(?:${qualifiedText})?$`);

const maxLabel = 63;

export function isDnsLabel(text: string): boolean {
  return text.length <= maxLabel && dnsLabel.test(text);
}

/** A label of a host's first position, where `*`, `*name` and `*-name` are taken too. */
export function isWildcardLabel(text: string): boolean {
  return text.length <= maxLabel && wildcardLabel.test(text);
}

export function isLabelKey(text: string): boolean {
  if (text.length > 400) return false;
  const [, prefix = "", name = ""] = labelKey.exec(text) ?? [];
  return name !== "" && name.length <= maxLabel && prefix.length <= 254;
}

export function isLabelValue(text: string): boolean {
  return text.length <= 4_096 && labelValue.test(text);
}
