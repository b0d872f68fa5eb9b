import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Finding } from "#mesh/istio/finding.ts";
import { isRecord, type KubeObject } from "#mesh/istio/kube-object.ts";
import { buildMesh } from "#mesh/xds/mesh.ts";
import { AdsServer, type Outcome } from "./ads.ts";
import { type CertificateAuthority, openAuthority } from "./certificates.ts";
import { clusterDial } from "./cluster-dial.ts";
import { compileProxies } from "./compile-proxies.ts";
import { credentialsOf } from "./credentials.ts";
import { findingsOfRejections, findingsOfShortfalls, uniqueFindings } from "./findings.ts";
import { type GatewayPortOptions, GatewayPorts } from "./gateway-ports.ts";
import { JwksFetcher } from "./jwks.ts";
import { Latest } from "./latest.ts";
import { localize } from "./localize/localize.ts";
import { Memo } from "./localize/memo.ts";
import type { Localized, Place, Replica } from "./localize/types.ts";
import { defaultDescriptors, mountedFiles, servicesIn } from "./mounted-files.ts";
import { completeObjects } from "./pods.ts";
import { SecretStore } from "./secret-store.ts";
import { type EnvoyState, SupervisedEnvoy } from "./supervised-envoy.ts";

export type { Replica, ReplicaPort } from "./localize/types.ts";

export interface ControlPlaneOptions {
  /** Certificates, copies of descriptors. */
  readonly stateDir: string;
  /** Sockets and Envoy's bootstrap; a short path (a socket's path has 107 bytes at most). */
  readonly runDir: string;
  readonly logDir: string;
  readonly gateway: GatewayPortOptions;
  /** The gateway's own address, the source of its connections; default 127.0.1.1. */
  readonly gatewayIp?: string;
  /** Folder of `<system>.binpb`; default gen/descriptors of this repository. */
  readonly descriptors?: string;
  /** Life of workload certificates, of which half is used; default 24 h. */
  readonly certificateTtlMs?: number;
  readonly concurrency?: number;
  /** URL of an OpenTelemetry collector (OTLP over HTTP), as `OTEL_EXPORTER_OTLP_ENDPOINT` has it. */
  readonly otlp?: string;
}

export interface Input {
  /** Everything from istio/ and k8s.yaml. */
  readonly objects: readonly KubeObject[];
  readonly replicas: readonly Replica[];
  /** What loading the objects found: with an error among them the objects in force stay. */
  readonly findings?: readonly Finding[];
}

export interface Applied {
  readonly findings: readonly Finding[];
  /** Whether Envoy runs what the objects say; if not, it runs what they said before, with the replicas of now. */
  readonly acknowledged: boolean;
}

interface Attempt {
  readonly localized: Localized;
  readonly findings: readonly Finding[];
}

/**
 * The local stand-in for istiod: compiles the objects for every replica and the gateway, turns the result into what one Envoy on
 * this machine runs, and puts it in force. Keeps that Envoy running.
 */
export class ControlPlane {
  readonly ports: GatewayPorts;
  /** Where Envoy logs ejections, a JSON object a line. */
  readonly outlierLog: string;
  readonly #options: ControlPlaneOptions;
  readonly #ads: AdsServer;
  readonly #envoy: SupervisedEnvoy;
  readonly #secrets: SecretStore;
  readonly #queue = new Latest<Input, Applied>((input) => this.#run(input));
  readonly #jwks = new JwksFetcher({ onChange: () => void this.#applyAgain() });
  readonly #memo = new Memo();
  readonly #rotation: NodeJS.Timeout;
  #good: readonly KubeObject[] | undefined;
  #goodErrors: ReadonlySet<string> = new Set();
  #input: Input | undefined;

  static async start(options: ControlPlaneOptions): Promise<ControlPlane> {
    for (const folder of [options.stateDir, options.runDir, options.logDir]) mkdirSync(folder, { recursive: true });
    const ports = await GatewayPorts.choose(options.gateway);
    const authority = await openAuthority(join(options.stateDir, "certificates", "ca.pem"));
    const socket = join(options.runDir, "ads.sock");
    const outlierLog = join(options.logDir, "outlier.log");
    const ads = await AdsServer.start({ socket });
    try {
      const envoy = await SupervisedEnvoy.start({
        runDir: options.runDir,
        adsSocket: socket,
        logFile: join(options.logDir, "envoy.log"),
        outlierLog,
        ...(options.concurrency ? { concurrency: options.concurrency } : {}),
        ...(options.otlp ? { otlp: options.otlp } : {}),
      });
      return new ControlPlane(options, { ports, authority, ads, envoy, outlierLog });
    } catch (error) {
      await ads.close();
      await ports.release();
      throw error;
    }
  }

  private constructor(options: ControlPlaneOptions, parts: Parts) {
    this.#options = options;
    this.ports = parts.ports;
    this.outlierLog = parts.outlierLog;
    this.#ads = parts.ads;
    this.#envoy = parts.envoy;
    const ttlMs = options.certificateTtlMs;
    this.#secrets = new SecretStore({ authority: parts.authority, ...(ttlMs ? { ttlMs } : {}) });
    this.#rotation = setInterval(() => void this.#applyAgain(), Math.min(this.#secrets.checkEveryMs, 3_600_000));
    this.#rotation.unref();
  }

  get envoy(): EnvoyState {
    return this.#envoy.state;
  }

  /** Unix socket of Envoy's admin interface; undefined while Envoy is down. */
  get admin(): string | undefined {
    return this.#envoy.admin;
  }

  /**
   * Puts objects and replicas in force, and waits until Envoy runs them. Calls are served one at a time; of those that wait, the
   * newest stands for all.
   */
  apply(input: Input): Promise<Applied> {
    // At once: what `#applyAgain` puts in its place while it waits must be no older.
    this.#input = input;
    return this.#queue.run(input);
  }

  async close(): Promise<void> {
    clearInterval(this.#rotation);
    this.#jwks.close();
    await this.#queue.idle();
    await this.#envoy.close();
    await this.#ads.close();
    await this.ports.release();
  }

  async #run(input: Input): Promise<Applied> {
    const attempt = await this.#attempt(input.objects, input);
    const findings = uniqueFindings([...(input.findings ?? []), ...attempt.findings]);
    if (this.#good && this.#hasNewErrors(findings)) return this.#stay(input, findings);
    const changed = this.#changedSince(input.objects);
    const { acknowledged, rejections } = await this.#publish(attempt.localized, input.objects);
    await this.ports.release();
    if (rejections.length === 0 || !this.#good) {
      this.#good = input.objects;
      this.#goodErrors = errorsOf(findings);
    }
    if (rejections.length === 0) return { findings, acknowledged };
    const refused = findingsOfRejections(rejections, attempt.localized, changed);
    return this.#stay(input, uniqueFindings([...findings, ...refused]));
  }

  /** The objects in force stay in force, but with the replicas of now. */
  async #stay(input: Input, findings: readonly Finding[]): Promise<Applied> {
    if (this.#good) {
      const { localized } = await this.#attempt(this.#good, input);
      await this.#publish(localized, this.#good, { leaveOut: true });
    }
    return { findings, acknowledged: false };
  }

  async #attempt(objects: readonly KubeObject[], input: Input): Promise<Attempt> {
    const gatewayIp = this.#options.gatewayIp ?? "127.0.1.1";
    const dial = clusterDial(objects, input.replicas, this.ports.http);
    const fetchedKeys = await this.#jwks.keysFor(objects, dial);
    const { mesh, findings } = buildMesh(completeObjects(objects, input.replicas, gatewayIp), { fetchedKeys });
    const proxies = compileProxies(mesh, input.replicas, gatewayIp);
    await this.ports.prepare(proxies.gatewayPorts);
    const localized = localize(proxies.local, this.#place(), this.#memo);
    const shortfalls = findingsOfShortfalls(localized.shortfalls);
    return { localized, findings: [...findings, ...proxies.findings, ...shortfalls] };
  }

  #place(): Place {
    const { stateDir, descriptors = defaultDescriptors(), otlp } = this.#options;
    const mounted = mountedFiles(descriptors, join(stateDir, "descriptors"));
    return {
      fingerprint: `${this.ports.fingerprint} ${mounted.fingerprint}`,
      gatewayPort: (port) => this.ports.of(port),
      mountedFile: mounted.find,
      servicesIn,
      tracesUrl: otlp && new URL("v1/traces", otlp.endsWith("/") ? otlp : `${otlp}/`).href,
    };
  }

  async #publish(localized: Localized, objects: readonly KubeObject[], how = { leaveOut: false }): Promise<Outcome> {
    const { secrets, failures } = await this.#secrets.resources(localized.secrets, credentialsOf(objects));
    if (failures.length > 0 && this.#good && !how.leaveOut) return { acknowledged: false, rejections: failures };
    const outcome = await this.#ads.publish({ ...localized.resources, secrets }, how);
    return { ...outcome, rejections: [...failures, ...outcome.rejections] };
  }

  async #applyAgain(): Promise<void> {
    // The same input: nothing but certificates that are due and keys that were fetched will differ.
    if (this.#input) await this.#queue.run(this.#input);
  }

  #hasNewErrors(findings: readonly Finding[]): boolean {
    return [...errorsOf(findings)].some((key) => !this.#goodErrors.has(key));
  }

  #changedSince(objects: readonly KubeObject[]): KubeObject[] {
    const before = new Set((this.#good ?? []).map((object) => JSON.stringify(object.raw)));
    return objects.filter((object) => isRecord(object.raw) && !before.has(JSON.stringify(object.raw)));
  }
}

interface Parts {
  readonly ports: GatewayPorts;
  readonly authority: CertificateAuthority;
  readonly ads: AdsServer;
  readonly envoy: SupervisedEnvoy;
  readonly outlierLog: string;
}

function errorsOf(findings: readonly Finding[]): Set<string> {
  const errors = findings.filter(({ severity }) => severity === "error");
  return new Set(errors.map(({ code, file, path, message }) => `${code} ${file} ${path} ${message}`));
}
