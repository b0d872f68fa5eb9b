const suffixes: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/**
 * A Kubernetes quantity ("250m", "128Mi", "1e3", 2) as a number of cores or bytes; undefined when it is none.
 * Grammar: kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity.
 */
export function parseQuantity(text: string | number): number | undefined {
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|(n|u|m|k|[KMGTPE]i|[MGTPE])?)$/.exec(String(text).trim());
  if (!match) return undefined;
  if (match[2]) return Number(`${match[1]}${match[2]}`);
  const factor = suffixes[match[3] ?? ""];
  return factor === undefined ? undefined : Number(match[1]) * factor;
}
