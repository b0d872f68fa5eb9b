import { map, message, string, uint32 } from "./types.ts";

export const workloadEntry = message({
  address: string,
  ports: map(uint32),
  labels: map(string),
  network: string,
  locality: string,
  weight: uint32,
  serviceAccount: string,
});
