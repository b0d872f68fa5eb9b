import { type ChannelOptions, Client, credentials } from "@grpc/grpc-js";

/** 4 MiB, both ways: what Envoy and grpc-js accept by default. */
export const maxMessageBytes = 4 * 1024 * 1024;

/** The options of every channel. Retries belong to the mesh; so do keepalive pings, which would kill calls after a GOAWAY (grpc-node#3068). */
export const channelOptions: ChannelOptions = {
  "grpc.enable_retries": 0,
  "grpc.service_config_disable_resolution": 1,
  "grpc.enable_channelz": 0,
  "grpc.max_receive_message_length": maxMessageBytes,
  "grpc.max_send_message_length": maxMessageBytes,
  // How soon a broken connection to the own sidecar is made again; calls meanwhile fail at once.
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 1000,
};

const channels = new Map<string, Client>();

/**
 * The channel to a callee, one a process. With `MESH_OUTBOUND` it ends at the own sidecar and the callee's name is the `:authority`, by which the
 * sidecar routes; without it the name is dialled, and in a cluster the sidecar intercepts that.
 *
 * @param target `product.siren:50051`
 */
export function channelTo(target: string): Client {
  const known = channels.get(target);
  if (known) return known;
  const address = process.env["MESH_OUTBOUND"] || `dns:///${target}`;
  const channel = new Client(address, credentials.createInsecure(), {
    ...channelOptions,
    "grpc.default_authority": target,
  });
  channels.set(target, channel);
  return channel;
}

/** Closes every channel. */
export function closeChannels(): void {
  for (const channel of channels.values()) channel.close();
  channels.clear();
}
