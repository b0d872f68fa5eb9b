import type { Place } from "../../place.ts";
import type { TrafficPolicy } from "./schema.ts";

type ClientTls = NonNullable<TrafficPolicy["tls"]>;

export function validateClientTls(tls: ClientTls | undefined, place: Place): void {
  if (!tls) return;
  checkConfigMap(tls, place);
  if (tls.insecureSkipVerify) checkUnverified(tls, place);
  const { mode, credentialName, clientCertificate, caCertificates, privateKey, caCrl } = tls;
  if ((mode === "SIMPLE" || mode === "MUTUAL") && credentialName) {
    if (clientCertificate || caCertificates || privateKey || caCrl) {
      place.in("credentialName").refuse("a credential holds all certificates", "keep credentialName, or the files");
    }
    return;
  }
  if (mode !== "MUTUAL") return;
  const hint = "write credentialName, or clientCertificate and privateKey; ISTIO_MUTUAL uses the workload's own";
  if (!clientCertificate) place.refuse("MUTUAL needs a client certificate", hint);
  if (!privateKey) place.refuse("MUTUAL needs a private key", hint);
}

function checkUnverified(tls: ClientTls, place: Place): void {
  const simple = tls.mode === "SIMPLE" && tls.credentialName;
  if (tls.mode !== "SIMPLE" && tls.mode !== "MUTUAL") return;
  if (tls.caCertificates || simple || tls.subjectAltNames?.length) {
    place
      .in("insecureSkipVerify")
      .refuse("it leaves nothing for a CA or subjectAltNames to check", "remove one of them");
  }
}

const configMap = "configmap://";

/** `configmap://namespace/name`, in the rule's own namespace. */
function checkConfigMap(tls: ClientTls, place: Place): void {
  if (!tls.credentialName?.startsWith(configMap)) return;
  const { namespace } = place.object.metadata;
  const [owner = "", name = "", ...more] = tls.credentialName.slice(configMap.length).split("/");
  if (owner !== namespace || name === "" || more.length > 0) {
    const hint = `write configmap://${namespace}/NAME`;
    place.in("credentialName").refuse("it names no ConfigMap of the rule's own namespace", hint);
  }
}
