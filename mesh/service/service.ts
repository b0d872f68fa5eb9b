import { setTimeout as sleep } from "node:timers/promises";
import type { Authenticator } from "./authenticator.ts";
import { type Broker, openBroker } from "./broker.ts";
import { openChaos } from "./chaos.ts";
import { Consumer } from "./consumer.ts";
import type { OwnDatabase } from "./database.ts";
import { loadImage } from "./descriptors.ts";
import { Dispatcher } from "./dispatcher.ts";
import { consumerLag, type Gauge, openSagas, outboxDepth } from "./gauges.ts";
import type { Implementation } from "./handler.ts";
import { type Logger, openLog } from "./log.ts";
import { startMetrics } from "./metrics.ts";
import { closeChannels } from "./outbound.ts";
import type { Policy } from "./policy.ts";
import { startPurge } from "./purge.ts";
import type { OwnReadModel } from "./read-model.ts";
import { startWorker, type Worker } from "./recovery.ts";
import { Relay } from "./relay.ts";
import { GrpcServer } from "./server.ts";
import { readSettings, type Settings } from "./settings.ts";
import { isStorageDown } from "./storage-failure.ts";
import { openTelemetry, type Telemetry } from "./telemetry.ts";

export interface ServiceOptions<Store> {
  /** `order.siren`: service and system. */
  readonly name: string;
  readonly services: readonly Implementation[];
  /** Default: none. Then there is no outbox, and request_id has no meaning. */
  readonly database?: OwnDatabase<Store>;
  /** Rows in a key-value bucket, which projections fill. Default: none. */
  readonly readModel?: OwnReadModel;
  /** Default: none. */
  readonly policies?: readonly Policy<Store>[];
  /** Default: none. */
  readonly workers?: readonly Worker[];
  /** Checks access tokens; needed when a contract asks for them. Default: none. */
  readonly authenticator?: Authenticator;
  /** Closes what main.ts opened itself, last. Default: nothing. */
  readonly closing?: () => Promise<void>;
  /** Default: the environment. */
  readonly settings?: Partial<Settings>;
  /** Default: JSON lines on stdout. */
  readonly log?: Logger;
}

const answerHours = 48;
const databaseRetryMs = 1_000;
/** How long the last events may take to leave at the end. */
const flushMs = 2_000;

/** A service while it runs. `serve` drives it in a process, the test harness in a test. */
export class Service<Store> {
  readonly log: Logger;
  readonly settings: Settings;
  #port = 0;
  readonly #options: ServiceOptions<Store>;
  readonly #telemetry: Telemetry;
  readonly #server: GrpcServer;
  readonly #stopping = new AbortController();
  /** After everything in hand is done: events that are being applied when the process is asked to stop are finished. */
  readonly #ended = new AbortController();
  /** In the order of the start; stopped the other way round. */
  readonly #parts: (() => Promise<void> | void)[] = [];
  readonly #gauges: Gauge[] = [];

  private constructor(options: ServiceOptions<Store>, telemetry: Telemetry) {
    const [, system = ""] = options.name.split(".");
    this.#options = options;
    this.#telemetry = telemetry;
    this.log = options.log ?? openLog(options.name);
    this.settings = { ...readSettings(system), ...options.settings };
    const { log } = this;
    const answers = options.database?.storage.answers;
    this.#server = new GrpcServer(options.services, {
      image: loadImage(),
      log,
      telemetry,
      answers,
      chaos: openChaos(),
      authenticator: options.authenticator,
    });
  }

  /** Listens, at first not ready. @throws Error when it cannot bind, or a contract does not fit the code */
  static async listen<Store>(options: ServiceOptions<Store>): Promise<Service<Store>> {
    const service = new Service(options, await openTelemetry(options.name));
    service.#port = await service.#server.listen(service.settings.listen);
    service.log.info({ listen: service.settings.listen, port: service.#port }, "listening");
    return service;
  }

  /** Where it listens; 1 for a socket. */
  get port(): number {
    return this.#port;
  }

  /** Migrates, relays, consumes, works, becomes ready. Waits for the database, however long; not for NATS. */
  async start(): Promise<void> {
    const { database, policies = [], workers = [] } = this.#options;
    const broker = this.#openBroker();
    if (database) await this.#startDatabase(database, broker);
    if (this.#stopping.signal.aborted) return;
    if (this.#options.readModel) this.#startReadModel(this.#options.readModel, broker);
    if (policies.length > 0) this.#startConsumer(policies, broker);
    for (const worker of workers) this.#parts.push(startWorker(worker, { log: this.log, telemetry: this.#telemetry }));
    this.#startMetrics(workers);
    this.#server.health.setReady(true);
    this.log.info({ settings: { ...this.settings, natsUrl: undefined } }, "ready");
  }

  /** NOT_SERVING, drain calls and deliveries, flush the outbox, close. */
  async stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    this.log.info({}, "stopping");
    this.#server.health.setReady(false);
    await this.#server.close(this.settings.graceMs);
    for (const stop of this.#parts.reverse()) await stop();
    this.#ended.abort();
    closeChannels();
    await this.#options.database?.close();
    await this.#options.closing?.();
    await this.#telemetry.close();
    this.log.info({}, "stopped");
  }

  #openBroker(): Broker | undefined {
    const { natsUrl } = this.settings;
    if (!natsUrl) return undefined;
    const broker = openBroker(natsUrl, this.#options.name, this.log);
    this.#parts.push(() => broker.close());
    return broker;
  }

  async #startDatabase(database: OwnDatabase<Store>, broker: Broker | undefined): Promise<void> {
    const { log, settings } = this;
    const relay = broker && new Relay({ outbox: database.storage.outbox, broker, ns: settings.ns, log });
    database.attach(this.#options.name, () => relay?.notify());
    await this.#prepare(database);
    if (this.#stopping.signal.aborted) return;
    relay?.start();
    if (relay) this.#parts.push(() => relay.stop(flushMs));
    this.#gauges.push(outboxDepth(() => database.storage.outbox.depth()));
    const failed = (error: unknown) => log.warn({ err: error }, "cannot purge");
    const retention = { eventDays: settings.eventDays, answerHours };
    this.#parts.push(startPurge(() => database.storage.purge(retention), failed));
  }

  async #prepare(database: OwnDatabase<Store>): Promise<void> {
    let told = false;
    while (!this.#stopping.signal.aborted) {
      try {
        return await database.prepare();
      } catch (error) {
        if (!isStorageDown(error)) throw error; // A broken migration does not mend itself.
        if (!told) this.log.warn({ err: error }, "waiting for the database");
        told = true;
        await sleep(databaseRetryMs, undefined, { signal: this.#stopping.signal }).catch(() => {});
      }
    }
  }

  #startReadModel(readModel: OwnReadModel, broker: Broker | undefined): void {
    if (!broker) throw new Error("a read model needs NATS_URL");
    const [service = ""] = this.#options.name.split(".");
    readModel.start({ broker, ns: this.settings.ns, service, log: this.log });
    this.#parts.push(() => readModel.stop());
  }

  #startConsumer(policies: readonly Policy<Store>[], broker: Broker | undefined): void {
    if (!broker) throw new Error("policies need NATS_URL");
    const { log } = this;
    const { database, readModel, name } = this.#options;
    const [service = ""] = name.split(".");
    const dispatcher = new Dispatcher({
      policies,
      database,
      log,
      telemetry: this.#telemetry,
      signal: this.#ended.signal,
    });
    const consumer = new Consumer({
      broker,
      ns: this.settings.ns,
      service,
      subjects: policies.map(({ event }) => `${event.service}.${event.name}`),
      log,
      dispatch: (message) => dispatcher.dispatch(message),
      ping: database ? () => database.storage.ping() : readModel && (() => readModel.ping()),
    });
    consumer.start();
    this.#parts.push(() => consumer.stop());
    this.#gauges.push(consumerLag(() => consumer.lag()));
  }

  #startMetrics(workers: readonly Worker[]): void {
    const failed = (error: unknown) => this.log.warn({ err: error }, "metrics are lost");
    const gauges = [...this.#gauges, openSagas(workers)];
    this.#parts.push(startMetrics({ service: this.#options.name, gauges, failed }));
  }
}
