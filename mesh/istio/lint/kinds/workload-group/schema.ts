import { type Infer, int32, list, map, message, string, uint32 } from "../../schema/types.ts";
import { workloadEntry } from "../../schema/workload-entry.ts";

const probe = message(
  {
    initialDelaySeconds: int32,
    timeoutSeconds: int32,
    periodSeconds: int32,
    successThreshold: int32,
    failureThreshold: int32,
    httpGet: message({
      path: string,
      port: uint32,
      host: string,
      scheme: string,
      httpHeaders: list(message({ name: string, value: string })),
    }),
    tcpSocket: message({ host: string, port: uint32 }),
    exec: message({ command: list(string) }),
    grpc: message({ port: uint32, service: string }),
  },
  { oneOf: ["httpGet", "tcpSocket", "exec", "grpc"] },
);

export const schema = message({
  metadata: message({ labels: map(string), annotations: map(string) }),
  template: workloadEntry,
  probe,
});

export type WorkloadGroup = Infer<typeof schema>;
export type Probe = Infer<typeof probe>;
