import { isCidr } from "../checks/addresses.ts";
import { proxyConfigProblem } from "./proxy-config-annotation.ts";

/** What is wrong with an annotation's value, and what to write instead. */
export interface ValueProblem {
  reason: string;
  hint: string;
}

type Check = (value: string) => ValueProblem | undefined;

/** The annotations whose value Istio's injector checks, as `pkg/kube/inject/validate.go` of Istio does. */
const checks: ReadonlyMap<string, Check> = new Map([
  ["prometheus.istio.io/merge-metrics", checkBoolean],
  ["proxy.istio.io/config", proxyConfigProblem],
  ["readiness.status.sidecar.istio.io/failureThreshold", checkCount],
  ["readiness.status.sidecar.istio.io/initialDelaySeconds", checkCount],
  ["readiness.status.sidecar.istio.io/periodSeconds", checkCount],
  ["sidecar.istio.io/interceptionMode", checkInterceptionMode],
  ["sidecar.istio.io/proxyCPU", checkQuantity],
  ["sidecar.istio.io/proxyCPULimit", checkQuantity],
  ["sidecar.istio.io/proxyMemory", checkQuantity],
  ["sidecar.istio.io/proxyMemoryLimit", checkQuantity],
  ["status.sidecar.istio.io/port", checkPort],
  ["traffic.sidecar.istio.io/excludeInboundPorts", checkPorts],
  ["traffic.sidecar.istio.io/excludeOutboundIPRanges", checkRanges],
  ["traffic.sidecar.istio.io/excludeOutboundPorts", checkPorts],
  ["traffic.sidecar.istio.io/includeInboundPorts", orAll(checkPorts)],
  ["traffic.sidecar.istio.io/includeOutboundIPRanges", orAll(checkRanges)],
]);

/** Why Istio's injector refuses a value; undefined where it takes it, or does not look at it. */
export function annotationValueProblem(name: string, value: string): ValueProblem | undefined {
  return checks.get(name)?.(value);
}

function orAll(check: Check): Check {
  return (value) => (value === "*" ? undefined : check(value));
}

function checkBoolean(value: string): ValueProblem | undefined {
  if (/^(1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/.test(value)) return undefined;
  return { reason: `"${value}" is neither true nor false`, hint: 'write "true" or "false"' };
}

function checkCount(value: string): ValueProblem | undefined {
  if (/^\d+$/.test(value) && Number(value) < 2 ** 32) return undefined;
  return { reason: `"${value}" is not a whole number`, hint: 'write a number without a unit, such as "10"' };
}

function checkInterceptionMode(value: string): ValueProblem | undefined {
  if (["REDIRECT", "TPROXY", "NONE"].includes(value)) return undefined;
  return { reason: `"${value}" is none of REDIRECT, TPROXY and NONE`, hint: "write REDIRECT, TPROXY or NONE" };
}

const quantity = /^[-+]?(\d+\.?\d*|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][-+]?\d+)?$/;

function checkQuantity(value: string): ValueProblem | undefined {
  if (quantity.test(value)) return undefined;
  return { reason: `"${value}" is not a quantity of Kubernetes`, hint: "write such as 100m, 1 or 128Mi" };
}

function checkPort(value: string): ValueProblem | undefined {
  const text = value.trim();
  if (/^\d+$/.test(text) && Number(text) <= 65_535) return undefined;
  return { reason: `"${value}" is not a port`, hint: "write a number from 0 to 65535" };
}

function checkPorts(value: string): ValueProblem | undefined {
  if (value.trim() === "") return undefined;
  const wrong = value.trim().split(",").find(checkPort);
  if (wrong === undefined) return undefined;
  return { reason: `"${wrong}" is not a port`, hint: 'write numbers with commas between them, such as "5432,4222"' };
}

function checkRanges(value: string): ValueProblem | undefined {
  if (value === "") return undefined;
  const wrong = value.split(",").find((range) => !isCidr(range));
  if (wrong === undefined) return undefined;
  const hint = 'write ranges with commas and no spaces between them, such as "10.0.0.0/8,192.168.1.4/32"';
  return { reason: `"${wrong}" is not a CIDR range`, hint };
}
