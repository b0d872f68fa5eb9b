import { port } from "../../schema/port.ts";
import { labelSelector } from "../../schema/selector.ts";
import { type Infer, list, message, oneOf, string } from "../../schema/types.ts";
import { workloadEntry } from "../../schema/workload-entry.ts";

export const schema = message({
  hosts: list(string),
  addresses: list(string),
  ports: list(port),
  location: oneOf("MESH_EXTERNAL", "MESH_INTERNAL"),
  resolution: oneOf("NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS"),
  endpoints: list(workloadEntry),
  workloadSelector: labelSelector,
  exportTo: list(string),
  subjectAltNames: list(string),
});

export type ServiceEntry = Infer<typeof schema>;
