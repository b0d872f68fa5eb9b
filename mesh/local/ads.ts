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
   * Puts the resources in force and waits for Envoy's word. When it rejects some, what ran before is put back as a whole; at the
   * very first time, when there is no before, all but the rejected. One call at a time.
   */
  async publish(resources: Resources): Promise<Outcome> {
    const { view, rejections } = this.#encode(resources);
    if (rejections.length > 0 && this.#good) return { acknowledged: false, rejections };
    return this.#good ? this.#replace(this.#good, view) : this.#begin(view, rejections);
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
    await this.#inSteps(wanted, good);
    return { acknowledged: false, rejections };
  }

  async #inSteps(before: View, after: View): Promise<boolean> {
    const first = { ...before, ...merge(before, after, ["clusters", "endpoints", "secrets"]) };
    const second = { ...first, listeners: after.listeners, ...merge(before, after, ["routes"]) };
    return (
      (await this.#step(first, ["secrets", "clusters", "endpoints"])) &&
      (await this.#step(second, ["listeners", "routes"])) &&
      (await this.#step(after, kinds))
    );
  }

  async #begin(view: View, rejections: readonly Rejection[]): Promise<Outcome> {
    const all = [...rejections];
    let rest = view;
    for (let tries = 0; tries < 20; tries++) {
      this.#rejections = [];
      const settled = await this.#step(rest, kinds);
      if (this.#rejections.length === 0) {
        this.#good = rest;
        return { acknowledged: settled && all.length === 0, rejections: all };
      }
      all.push(...this.#rejections);
      rest = without(rest, this.#rejections);
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
      kept?.entry.version === version ? kept.entry : { version, bytes: encode(kind, json), needs: needsOf(kind, json) };
    this.#encoded.set(key, { json, entry });
    return entry;
  }
}

function emptyView(): Record<ResourceKind, Map<string, Entry>> {
  return { clusters: new Map(), endpoints: new Map(), listeners: new Map(), routes: new Map(), secrets: new Map() };
}

function merge(before: View, after: View, which: readonly ResourceKind[]): Partial<View> {
  return Object.fromEntries(which.map((kind) => [kind, new Map([...before[kind], ...after[kind]])]));
}

function without(view: View, rejections: readonly Rejection[]): View {
  const rest = { ...view };
  for (const { kind, names } of rejections) {
    rest[kind] = new Map([...rest[kind]].filter(([name]) => !names.includes(name)));
  }
  return rest;
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
