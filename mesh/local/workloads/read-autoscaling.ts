import type { Cursor } from "./cursor.ts";
import { parseQuantity } from "./quantity.ts";
import type { Autoscaling, Metric, ScalingRules } from "./workload.ts";

// What an autoscaling/v2 object that says nothing about behaviour gets (kubernetes.io/docs, "Default Behavior").
const defaultUp: ScalingRules = {
  stabilizationWindowSeconds: 0,
  selectPolicy: "Max",
  policies: [
    { type: "Pods", value: 4, periodSeconds: 15 },
    { type: "Percent", value: 100, periodSeconds: 15 },
  ],
};
const defaultDown: ScalingRules = {
  stabilizationWindowSeconds: 300,
  selectPolicy: "Max",
  policies: [{ type: "Percent", value: 100, periodSeconds: 15 }],
};

/** The spec of a HorizontalPodAutoscaler autoscaling/v2. */
export function readAutoscaling(spec: Cursor): Autoscaling | undefined {
  spec.only(["scaleTargetRef", "minReplicas", "maxReplicas", "metrics", "behavior"]);
  const maxReplicas = spec.get("maxReplicas").required(spec.get("maxReplicas").integer(1));
  if (maxReplicas === undefined) return undefined;
  const minReplicas = spec.get("minReplicas").integer(1) ?? 1;
  if (minReplicas > maxReplicas) spec.get("minReplicas").refuse(`is above maxReplicas, ${maxReplicas}`);
  const metrics = spec.get("metrics").items().flatMap(readMetric);
  const defaultMetric: Metric = { resource: "cpu", target: { type: "Utilization", value: 80 } };
  return {
    minReplicas: Math.min(minReplicas, maxReplicas),
    maxReplicas,
    metrics: spec.get("metrics").present ? metrics : [defaultMetric],
    scaleUp: readRules(spec.get("behavior", "scaleUp"), defaultUp),
    scaleDown: readRules(spec.get("behavior", "scaleDown"), defaultDown),
  };
}

function readMetric(at: Cursor): Metric[] {
  const type = at.get("type").string();
  const resource = at.get("resource");
  const name = resource.get("name").string();
  if (type !== "Resource" || (name !== "cpu" && name !== "memory")) {
    at.report("M921", "warning", "is not measured locally", "metrics of type Resource on cpu or memory are");
    return [];
  }
  const target = resource.get("target");
  const utilization = target.get("averageUtilization").integer(1);
  if (utilization !== undefined) return [{ resource: name, target: { type: "Utilization", value: utilization } }];
  const value = target.get("averageValue").value;
  const average = typeof value === "string" || typeof value === "number" ? parseQuantity(value) : undefined;
  if (average !== undefined) return [{ resource: name, target: { type: "AverageValue", value: average } }];
  target.refuse("needs averageUtilization or averageValue");
  return [];
}

function readRules(at: Cursor, defaults: ScalingRules): ScalingRules {
  if (!at.present) return defaults;
  const policies = at
    .get("policies")
    .items()
    .map((policy) => ({
      type: policy.get("type").string() === "Pods" ? ("Pods" as const) : ("Percent" as const),
      value: policy.get("value").required(policy.get("value").integer(1)) ?? 1,
      periodSeconds: policy.get("periodSeconds").integer(1, 1800) ?? 15,
    }));
  const select = at.get("selectPolicy").string();
  return {
    stabilizationWindowSeconds:
      at.get("stabilizationWindowSeconds").integer(0, 3600) ?? defaults.stabilizationWindowSeconds,
    selectPolicy: select === "Min" || select === "Disabled" ? select : "Max",
    policies: policies.length > 0 ? policies : defaults.policies,
  };
}
