import { flag, type Infer, integer, list, map, openRecord, type Shape, text } from "./shape.ts";

/** A port's number or the name of a container's port. */
const portReference: Shape<number | string> = {
  wanted: "a port number or name",
  read: (value, reader) =>
    typeof value === "number" || typeof value === "string" ? value : reader.refuse(value, "a port number or name"),
};

export const serviceSpec = openRecord({
  type: text,
  clusterIP: text,
  clusterIPs: list(text),
  externalName: text,
  selector: map(text),
  publishNotReadyAddresses: flag,
  internalTrafficPolicy: text,
  trafficDistribution: text,
  ports: list(openRecord({ name: text, port: integer, targetPort: portReference, protocol: text, appProtocol: text })),
});
export type ServiceSpec = Infer<typeof serviceSpec>;

const container = openRecord({
  name: text,
  ports: list(openRecord({ name: text, containerPort: integer, protocol: text })),
});

export const podSpec = openRecord({
  serviceAccountName: text,
  nodeName: text,
  hostname: text,
  containers: list(container),
});
export type PodSpec = Infer<typeof podSpec>;

/** A whole Pod: its addresses stand in the status. */
export const pod = openRecord({
  metadata: openRecord({
    ownerReferences: list(openRecord({ kind: text, name: text, controller: flag })),
  }),
  spec: podSpec,
  status: openRecord({
    podIP: text,
    phase: text,
    conditions: list(openRecord({ type: text, status: text })),
  }),
});
export type Pod = Infer<typeof pod>;

/** The pod template of a Deployment, StatefulSet or DaemonSet. */
export const workloadSpec = openRecord({
  template: openRecord({
    metadata: openRecord({ labels: map(text) }),
    spec: podSpec,
  }),
});
export type WorkloadSpec = Infer<typeof workloadSpec>;

/** A whole EndpointSlice, which has no spec. */
export const endpointSlice = openRecord({
  addressType: text,
  ports: list(openRecord({ name: text, port: integer, protocol: text })),
  endpoints: list(
    openRecord({
      addresses: list(text),
      conditions: openRecord({ ready: flag, serving: flag, terminating: flag }),
      targetRef: openRecord({ kind: text, name: text, namespace: text }),
      nodeName: text,
      hostname: text,
    }),
  ),
});
export type EndpointSlice = Infer<typeof endpointSlice>;

export const configMapData = map(text);
