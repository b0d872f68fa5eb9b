import type { Stage } from "./stage.ts";

/** One demonstration of a system: what is broken or changed, who calls meanwhile, and what must be seen. */
export interface Demonstration {
  /** `T-4` */
  readonly id: string;
  /** In kebab-case, unique in its system: `circuit-breaker`. */
  readonly name: string;
  /** One sentence: what it shows. */
  readonly shows: string;
  /** How the document that the system goes back to set it up, and what it saw; its figures stand beside ours. */
  readonly document: string;
  run(stage: Stage): Promise<void>;
}

/** What `services/<system>/demonstrations.ts` exports as `system`. */
export interface DemonstratedSystem {
  /** The names of what `violations` checks: `T1 to T5`. */
  readonly invariants: string;
  /** A sentence for everything that is wrong. Asked once all is over, again and again until there is nothing or two minutes have passed. */
  violations(stage: Stage): Promise<readonly string[]>;
  readonly demonstrations: readonly Demonstration[];
}
