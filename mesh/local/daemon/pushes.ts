import type { Finding } from "#mesh/istio/finding.ts";
import type { KubeObject } from "#mesh/istio/kube-object.ts";
import type { ControlPlane } from "../control-plane.ts";
import type { Replica } from "../supervisor/replica.ts";
import { Coalesced } from "./coalesced.ts";
import { toPlaced } from "./data-plane.ts";

export interface PushSource {
  objects(): readonly KubeObject[];
  replicas(): readonly Replica[];
  /** After each push. */
  onPushed(): void;
  note(text: string): void;
}

/** How long a replica that leaves waits for the proxies to know it, at most. */
const unroutedMs = 2_000;

/** Keeps Envoy on the objects and replicas of now. Does nothing until it has a control plane, and after `close`. */
export class Pushes {
  readonly #source: PushSource;
  readonly #work = new Coalesced(() => this.#push());
  #plane: ControlPlane | undefined;
  #reported = new Set<string>();
  findings: readonly Finding[] = [];
  /** Whether Envoy runs what the objects say. */
  inForce = false;

  constructor(source: PushSource) {
    this.#source = source;
  }

  get idle(): boolean {
    return this.#work.idle;
  }

  open(plane: ControlPlane): void {
    this.#plane = plane;
    void this.request();
  }

  close(): void {
    this.#plane = undefined;
  }

  /** Resolves when what holds now is in force, or cannot be. */
  request(): Promise<void> {
    return this.#plane ? this.#work.request() : Promise.resolve();
  }

  /** Resolves when no proxy sends new requests to a replica that is not ready any more. */
  async untilUnrouted(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, unroutedMs);
    });
    await Promise.race([this.request(), limit]);
    clearTimeout(timer);
  }

  async #push(): Promise<void> {
    if (!this.#plane) return;
    const input = { objects: this.#source.objects(), replicas: this.#source.replicas().map(toPlaced) };
    try {
      const { findings, acknowledged } = await this.#plane.apply(input);
      this.#report(findings);
      this.inForce = acknowledged;
    } catch (error) {
      this.inForce = false;
      this.#source.note(`putting the configuration in force failed: ${error instanceof Error ? error.stack : error}`);
    }
    this.#source.onPushed();
  }

  #report(findings: readonly Finding[]): void {
    this.findings = findings;
    const texts = findings.filter(({ severity }) => severity !== "info").map(textOfFinding);
    for (const text of texts) if (!this.#reported.has(text)) this.#source.note(text);
    this.#reported = new Set(texts);
  }
}

export function textOfFinding({ severity, code, file, line, column, message, hint }: Finding): string {
  return `${severity} ${code} ${file}:${line}:${column} ${message}${hint ? `; ${hint}` : ""}`;
}
