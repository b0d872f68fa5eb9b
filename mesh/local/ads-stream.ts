import type { ServerDuplexStream } from "@grpc/grpc-js";
import type { DeltaRequest, DeltaResponse } from "./ads-messages.ts";
import { type ResourceKind, typeUrls } from "./envoy-api.ts";

/** A resource ready to be sent. The version is a hash of its content. */
export interface Entry {
  readonly version: string;
  readonly bytes: Uint8Array;
  /** Names of other resources it makes Envoy ask for: a cluster its endpoints, a listener its routes. */
  readonly needs: readonly string[];
  /** Where a listener listens. */
  readonly address: string;
}

export type View = Readonly<Record<ResourceKind, ReadonlyMap<string, Entry>>>;

export interface Rejection {
  readonly kind: ResourceKind;
  /** The resources the message names, or, if it names none, all that were sent with it. */
  readonly names: readonly string[];
  readonly message: string;
}

export const kinds = ["clusters", "endpoints", "listeners", "routes", "secrets"] as const satisfies ResourceKind[];

interface Subscription {
  wildcard: boolean;
  readonly names: Set<string>;
  /** Name to version: what Envoy has, or is about to have once it acknowledges. */
  readonly known: Map<string, string>;
  /** Nonce to the names sent under it. */
  readonly inFlight: Map<string, readonly string[]>;
}

/** One Envoy on one stream: what it asked for, what it has, and what it still has to acknowledge (delta xDS). */
export class AdsStream {
  readonly #call: ServerDuplexStream<DeltaRequest, DeltaResponse>;
  readonly #subscriptions = new Map<ResourceKind, Subscription>();
  #nonce = 0;

  constructor(call: ServerDuplexStream<DeltaRequest, DeltaResponse>) {
    this.#call = call;
  }

  /** Takes a request in, answers it from the view, and gives back what Envoy rejected, if it did. */
  receive(request: DeltaRequest, view: View): Rejection | undefined {
    const kind = kinds.find((candidate) => typeUrls[candidate] === request.typeUrl);
    if (!kind) return undefined;
    const first = !this.#subscriptions.has(kind);
    const subscription = this.#subscription(kind);
    const rejection = settle(kind, subscription, request);
    if (first) this.#begin(kind, subscription, request);
    for (const name of request.subscribe) {
      subscription.names.add(name);
      // Asking again for what it has is how Envoy says that it needs it once more.
      if (!first) subscription.known.delete(name);
    }
    for (const name of request.unsubscribe) {
      subscription.names.delete(name);
      subscription.known.delete(name);
    }
    if (first || request.subscribe.length > 0) this.send(kind, view, { asked: request.subscribe, always: first });
    return rejection;
  }

  /** Sends what of a kind is new, changed or gone. */
  send(kind: ResourceKind, view: View, why: { asked?: readonly string[]; always?: boolean } = {}): void {
    const subscription = this.#subscriptions.get(kind);
    if (!subscription) return;
    const wanted = subscription.wildcard ? [...view[kind].keys()] : [...subscription.names];
    const resources = wanted.flatMap((name) => {
      const entry = view[kind].get(name);
      return entry && subscription.known.get(name) !== entry.version ? [{ name, ...entry }] : [];
    });
    const missing = (why.asked ?? []).filter((name) => name !== "*" && !view[kind].has(name));
    const gone = [...subscription.known.keys()].filter((name) => !view[kind].has(name));
    const removed = [...new Set([...gone, ...missing])];
    if (resources.length === 0 && removed.length === 0 && !why.always) return;
    if (kind === "clusters") this.#forgetEndpointsOf(resources);
    for (const { name, version } of resources) subscription.known.set(name, version);
    for (const name of removed) subscription.known.delete(name);
    const nonce = String(++this.#nonce);
    subscription.inFlight.set(nonce, [...resources.map(({ name }) => name), ...removed]);
    this.#call.write({ typeUrl: typeUrls[kind], nonce, resources, removed });
  }

  /** Whether Envoy acknowledged all it was sent of these kinds, and asked for all that those need. */
  isSettled(wanted: readonly ResourceKind[], view: View): boolean {
    return wanted.every((kind) => {
      const subscription = this.#subscriptions.get(kind);
      // Envoy asks for clusters and listeners by itself, for the others only when something needs them.
      if (!subscription) return kind !== "clusters" && kind !== "listeners";
      return subscription.inFlight.size === 0 && this.#hasAskedFor(kind, view);
    });
  }

  close(): void {
    this.#call.end();
  }

  #hasAskedFor(kind: ResourceKind, view: View): boolean {
    const needed = kind === "clusters" ? "endpoints" : kind === "listeners" ? "routes" : undefined;
    if (!needed) return true;
    const asked = this.#subscriptions.get(needed)?.names;
    for (const entry of view[kind].values()) {
      for (const name of entry.needs) if (!asked?.has(name) && view[needed].has(name)) return false;
    }
    return true;
  }

  #subscription(kind: ResourceKind): Subscription {
    const existing = this.#subscriptions.get(kind);
    if (existing) return existing;
    const made = { wildcard: false, names: new Set<string>(), known: new Map(), inFlight: new Map() };
    this.#subscriptions.set(kind, made);
    return made;
  }

  #begin(kind: ResourceKind, subscription: Subscription, request: DeltaRequest): void {
    subscription.wildcard = (kind === "clusters" || kind === "listeners") && request.subscribe.length === 0;
    for (const [name, version] of Object.entries(request.initialVersions)) subscription.known.set(name, version);
  }

  /** A replaced cluster waits for its endpoints, and Envoy does not ask again for a name it is subscribed to. */
  #forgetEndpointsOf(clusters: readonly Entry[]): void {
    const known = this.#subscriptions.get("endpoints")?.known;
    for (const { needs } of clusters) for (const name of needs) known?.delete(name);
  }
}

function settle(kind: ResourceKind, subscription: Subscription, request: DeltaRequest): Rejection | undefined {
  const sent = subscription.inFlight.get(request.nonce);
  if (!sent) return undefined;
  subscription.inFlight.delete(request.nonce);
  const message = request.error;
  if (message === undefined) return undefined;
  // Some of them may be in force by now, some not: all are sent again with what comes next.
  for (const name of sent) subscription.known.delete(name);
  const named = sent.filter((name) => message.includes(name));
  return { kind, names: named.length > 0 ? named : sent, message };
}
