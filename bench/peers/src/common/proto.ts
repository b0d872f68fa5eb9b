import { join } from "node:path";
import { loadSync, type MethodDefinition, type Options, type ServiceDefinition } from "@grpc/proto-loader";

const repository = join(import.meta.dirname, "..", "..", "..");

export const loader: Options = {
  includeDirs: [join(repository, "proto"), join(repository, "node_modules", "google-proto-files")],
  longs: String,
  enums: String,
  defaults: true,
};

/** @param service `mall/order/v1/order` */
export function protoPath(service: string): string {
  return join(repository, "proto", `${service}.proto`);
}

/** A method's own codec, for what is kept of its messages. @param service `mall.order.v1.OrderService` */
export function methodOf(path: string, service: string, method: string): MethodDefinition<object, object> {
  const found = (loadSync(path, loader)[service] as ServiceDefinition)[method];
  if (!found) throw new Error(`${path} has no ${service}/${method}`);
  return found;
}

/** google.protobuf.Timestamp */
export function toTimestamp(time: Date): { seconds: string; nanos: number } {
  const ms = time.getTime();
  return { seconds: String(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1_000_000 };
}
