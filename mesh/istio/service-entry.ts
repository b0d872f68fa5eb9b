import { type Infer, integer, list, map, record, text, traced, word } from "./shape.ts";

export const workloadEntry = traced(
  record({
    address: text,
    ports: map(integer),
    labels: map(text),
    network: text,
    locality: text,
    weight: integer,
    serviceAccount: text,
  }),
);
export type WorkloadEntry = Infer<typeof workloadEntry>;

const servicePort = record({ number: integer, protocol: text, name: text, targetPort: integer });
export type ServiceEntryPort = Infer<typeof servicePort>;

export const serviceEntry = record({
  hosts: list(text),
  addresses: list(text),
  ports: list(servicePort),
  location: word("MESH_EXTERNAL", "MESH_INTERNAL"),
  resolution: word("NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS"),
  endpoints: list(workloadEntry),
  workloadSelector: record({ labels: map(text) }),
  exportTo: list(text),
  subjectAltNames: list(text),
});
export type ServiceEntry = Infer<typeof serviceEntry>;
