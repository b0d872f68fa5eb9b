import { checkLabels } from "../../checks/labels.ts";
import { checkNotNegative, checkPort } from "../../checks/numbers.ts";
import type { Place } from "../../place.ts";
import type { Probe, WorkloadGroup } from "./schema.ts";

/** What istiod's webhook says of a WorkloadGroup. */
export function validate(spec: WorkloadGroup, place: Place): void {
  if (!spec.template) return place.refuse("it has no template", "write `template:`");
  checkLabels(spec.metadata?.labels, place.in("metadata", "labels"));
  if (spec.probe) validateProbe(spec.probe, place.in("probe"));
}

const counts = [
  "initialDelaySeconds",
  "timeoutSeconds",
  "periodSeconds",
  "successThreshold",
  "failureThreshold",
] as const;

function validateProbe(probe: Probe, place: Place): void {
  for (const count of counts) checkNotNegative(probe[count], place.in(count));
  const { httpGet, tcpSocket, exec } = probe;
  if (httpGet) validateHttpGet(httpGet, place.in("httpGet"));
  else if (tcpSocket) checkPort(tcpSocket.port ?? 0, place.in("tcpSocket", "port"));
  else if (exec) {
    if (!exec.command?.length) place.in("exec").refuse("it has no command", "write `command:`");
  } else place.refuse("the probe asks nothing that istiod takes", "write httpGet, tcpSocket or exec");
}

function validateHttpGet(get: NonNullable<Probe["httpGet"]>, place: Place): void {
  checkPort(get.port ?? 0, place.in("port"));
  if (get.scheme && get.scheme !== "HTTP" && get.scheme !== "HTTPS") {
    place.in("scheme").refuse(`"${get.scheme}" is no scheme of a probe`, "write HTTP or HTTPS");
  }
  get.httpHeaders?.forEach(({ name = "" }, index) => {
    if (!/^[-A-Za-z0-9]+$/.test(name)) {
      place
        .in("httpHeaders", index, "name")
        .refuse(`"${name}" is no header's name`, "write letters, digits and dashes");
    }
  });
}
