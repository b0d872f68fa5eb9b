import { rmSync } from "node:fs";
import { Server, ServerCredentials, type ServerDuplexStream } from "@grpc/grpc-js";
import { type DeltaRequest, type DeltaResponse, decodeDeltaRequest, encodeDeltaResponse } from "./ads-messages.ts";
import { AdsStream, type Entry, kinds, type Rejection, type View } from "./ads-stream.ts";
import { encode, versionOf } from "./encode.ts";
import type { Json, ResourceKind } from "./envoy-api.ts";

export type { Rejection } from "./ads-stream.ts";

/** Everything Envoy is to run, by name. */
export type Resources = Readonly<Record<ResourceKind, ReadonlyMap<string, Json>>>;

export interface Outcome {
  /** Whether Envoy runs all of it. */
  readonly acknowledged: boolean;
  /** What could not be encoded or what Envoy refused. Then it runs what it ran before, wholly. */
  readonly rejections: readonly Rejection[];
}

export interface AdsOptions {
  /** Path of the unix socket to listen on. */
  readonly socket: string;
  /** How long to wait for Envoy at each step; default 30 s. */
  readonly timeoutMs?: number;
}

/** Envoy names only some of the resources it refuses at a time; so many times the rest is tried. */
const mostRefusals = 20;

/**
 * Serves configuration to Envoy by aggregated, incremental xDS. A change is published make-before-break: clusters with their
 * endpoints first, then listeners with their routes, and only when those are acknowledged does what is no longer needed go.
 */
export class AdsServer {
  readonly #server = new Server();
  readonly #streams = new Set<AdsStream>();
  readonly #timeoutMs: number;
  readonly #socket: string;
  readonly #encoded = new Map<string, { json: Json; entry: Entry }>();
  #view: View = emptyView();
  #good: View | undefined;
  #rejections: Rejection[] = [];
  #wake: () => void = () => {};

  static async start(options: AdsOptions): Promise<AdsServer> {
    const server = new AdsServer(options);
    await server.#listen();
    return server;
  }

  private constructor(options: AdsOptions) {
    this.#socket = options.socket;
    this.#timeoutMs = options.timeoutMs ?? 30_000;
  }

  /** Whether an Envoy is connected. */
  get connected(): boolean {
    return this.#streams.size > 0;
  }

  /**
   * Puts the resources in force and waits for Envoy's word; one call at a time. When it rejects some, what ran before is put back as a
   * whole. With `leaveOut` everything else comes into force instead, and of what it rejects the last that it accepted stays; that is
   * also what happens at the very first time, when there is no before.
   */
  async publish(resources: Resources, { leaveOut = false } = {}): Promise<Outcome> {
    const { view, rejections } = this.#encode(resources);
    const good = this.#good;
    if (!good || leaveOut) return this.#putWithout(good ?? emptyView(), view, rejections);
    return rejections.length > 0 ? { acknowledged: false, rejections } : this.#replace(good, view);
  }

  async close(): Promise<void> {
    for (const stream of this.#streams) stream.close();
    await new Promise<void>((resolve) => {
      const hard = setTimeout(() => this.#server.forceShutdown(), 500);
      this.#server.tryShutdown(() => {
        clearTimeout(hard);
        resolve();
      });
    });
    rmSync(this.#socket, { force: true });
  }

  async #replace(good: View, wanted: View): Promise<Outcome> {
    this.#rejections = [];
    const done = (await this.#inSteps(good, wanted)) && this.#rejections.length === 0;
    if (done) {
      this.#good = wanted;
      return { acknowledged: true, rejections: [] };
    }
    const rejections = this.#rejections;
    if (rejections.length === 0) {
      // No answer is no refusal: Envoy is away and will ask for all of it when it is back.
      this.#good = wanted;
      this.#show(wanted, kinds);
      return { acknowledged: false, rejections };
    }
    this.#rejections = [];
    await this.#inSteps(withKept(this.#view, good, rejections), good);
    return { acknowledged: false, rejections };
  }

  /**
   * From one configuration to another without a moment in which something is missing: first what others will need (clusters, with
   * endpoints for new ones), then listeners (of the routes only those that new ones ask for, so that a refused listener leaves the calls
   * of the others as they are), then routes, then the endpoints, which may now lead to new listeners, and then nothing needs what is gone.
   */
  async #inSteps(before: View, after: View): Promise<boolean> {
    const clusters = union(before.clusters, after.clusters);
    const secrets = union(before.secrets, after.secrets);
    const needed = { ...before, clusters, secrets, endpoints: union(after.endpoints, before.endpoints) };
    const listeners = withoutConflicts(before.listeners, after.listeners);
    const listening = { ...needed, listeners, routes: union(after.routes, before.routes) };
    const serving = { ...listening, routes: union(before.routes, after.routes) };
    const reached = { ...serving, endpoints: union(before.endpoints, after.endpoints) };
    return (
      (await this.#step(needed, ["secrets", "clusters", "endpoints"])) &&
      (await this.#step(listening, ["listeners", "routes"])) &&
      (await this.#step(serving, ["routes"])) &&
      (await this.#step(reached, ["endpoints"])) &&
      (await this.#step(after, kinds))
    );
  }

  async #putWithout(good: View, view: View, rejections: readonly Rejection[]): Promise<Outcome> {
    const all = [...rejections];
    let current = this.#view;
    let rest = withKept(view, good, rejections);
    for (let tries = 0; tries < mostRefusals; tries++) {
      this.#rejections = [];
      const settled = await this.#inSteps(current, rest);
      if (this.#rejections.length === 0) {
        if (!settled) this.#show(rest, kinds);
        this.#good = rest;
        return { acknowledged: settled && all.length === 0, rejections: all };
      }
      all.push(...this.#rejections);
      current = withKept(this.#view, good, this.#rejections);
      rest = withKept(rest, good, this.#rejections);
    }
    return { acknowledged: false, rejections: all };
  }

  async #step(view: View, changed: readonly ResourceKind[]): Promise<boolean> {
    this.#show(view, changed);
    const giveUpAt = Date.now() + this.#timeoutMs;
    while (this.#rejections.length === 0) {
      if (this.connected && [...this.#streams].every((stream) => stream.isSettled(changed, view))) return true;
      if (Date.now() >= giveUpAt) return false;
      await this.#somethingHeard(giveUpAt - Date.now());
    }
    return false;
  }

  #show(view: View, changed: readonly ResourceKind[]): void {
    this.#view = view;
    for (const stream of this.#streams) for (const kind of changed) stream.send(kind, view);
  }

  #somethingHeard(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #listen(): Promise<void> {
    rmSync(this.#socket, { force: true });
    this.#server.addService(service, {
      DeltaAggregatedResources: (call: ServerDuplexStream<DeltaRequest, DeltaResponse>) => this.#serve(call),
    });
    await new Promise<void>((resolve, reject) => {
      this.#server.bindAsync(`unix:${this.#socket}`, ServerCredentials.createInsecure(), (error) =>
        error ? reject(new Error(`ADS cannot listen on ${this.#socket}: ${error.message}`)) : resolve(),
      );
    });
  }

  #serve(call: ServerDuplexStream<DeltaRequest, DeltaResponse>): void {
    const stream = new AdsStream(call);
    this.#streams.add(stream);
    call.on("data", (request: DeltaRequest) => {
      const rejection = stream.receive(request, this.#view);
      if (rejection) this.#rejections.push(rejection);
      this.#wake();
    });
    const gone = () => {
      this.#streams.delete(stream);
      this.#wake();
    };
    call.on("error", gone);
    call.on("close", gone);
    call.on("end", () => {
      gone();
      call.end();
    });
  }

  #encode(resources: Resources): { view: View; rejections: Rejection[] } {
    const rejections: Rejection[] = [];
    const seen = new Set<string>();
    const view = emptyView();
    for (const kind of kinds) {
      for (const [name, json] of resources[kind]) {
        const key = `${kind} ${name}`;
        seen.add(key);
        try {
          view[kind].set(name, this.#entry(key, kind, json));
        } catch (error) {
          const message = error instanceof Error ? error.message : String(error);
          rejections.push({ kind, names: [name], message });
        }
      }
    }
    for (const key of this.#encoded.keys()) if (!seen.has(key)) this.#encoded.delete(key);
    return { view, rejections };
  }

  #entry(key: string, kind: ResourceKind, json: Json): Entry {
    const kept = this.#encoded.get(key);
    // The same object has not changed; whoever publishes never changes one.
    if (kept?.json === json) return kept.entry;
    const version = versionOf(kind, json);
    const entry =
      kept?.entry.version === version
        ? kept.entry
        : {
            version,
            bytes: encode(kind, json),
            needs: needsOf(kind, json),
            address: JSON.stringify(json["address"] ?? ""),
          };
    this.#encoded.set(key, { json, entry });
    return entry;
  }
}

function emptyView(): Record<ResourceKind, Map<string, Entry>> {
  return { clusters: new Map(), endpoints: new Map(), listeners: new Map(), routes: new Map(), secrets: new Map() };
}

function union<T>(first: ReadonlyMap<string, T>, second: ReadonlyMap<string, T>): ReadonlyMap<string, T> {
  return new Map([...first, ...second]);
}

/** The listeners of before and after, but for those of before whose address another one takes over. */
function withoutConflicts(before: View["listeners"], after: View["listeners"]): View["listeners"] {
  const taken = new Map([...after].map(([name, { address }]) => [address, name]));
  const kept = [...before].filter(([name, { address }]) => (taken.get(address) ?? name) === name);
  return new Map([...kept, ...after]);
}

/** Of what was rejected the last version that Envoy accepted; nothing, where it never accepted one. */
function withKept(view: View, good: View, rejections: readonly Rejection[]): View {
  const kept = { ...view };
  for (const { kind, names } of rejections) {
    const resources = new Map(kept[kind]);
    for (const name of names) {
      const entry = good[kind].get(name);
      if (entry && entry !== resources.get(name)) resources.set(name, entry);
      else resources.delete(name);
    }
    kept[kind] = resources;
  }
  return kept;
}

function needsOf(kind: ResourceKind, json: Json): string[] {
  if (kind === "clusters") return json["type"] === "EDS" ? [edsNameOf(json)] : [];
  if (kind === "listeners")
    return [...JSON.stringify(json).matchAll(/"route_config_name":"([^"]+)"/g)].map((match) => match[1] ?? "");
  return [];
}

function edsNameOf(cluster: Json): string {
  const eds: { service_name?: string } = Object(cluster["eds_cluster_config"]);
  return eds.service_name || String(cluster["name"]);
}

const service = {
  DeltaAggregatedResources: {
    path: "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources",
    requestStream: true,
    responseStream: true,
    requestSerialize: (): Buffer => Buffer.alloc(0),
    requestDeserialize: decodeDeltaRequest,
    responseSerialize: encodeDeltaResponse,
    responseDeserialize: (): DeltaResponse => ({ typeUrl: "", nonce: "", resources: [], removed: [] }),
  },
} as const;
