import module from "node:module";
import { Command } from "commander";

/** A sub-command, loaded when it is called, so that `mesh lint` does not wait for what `mesh up` needs. */
export interface Entry {
  readonly name: string;
  readonly summary: string;
  load(): Promise<{ command(): Command }>;
}

/** Runs the sub-command that the arguments name, or prints the help. */
export async function runProgram(entries: readonly Entry[], argv: string[]): Promise<void> {
  // Half of the time to the first line of output otherwise goes into reading the same sources again. Node 20 cannot.
  module.enableCompileCache?.();
  const program = new Command("mesh").description(
    "Puts Istio's VirtualServices and DestinationRules in force on a real Envoy, without Kubernetes.",
  );
  const wanted = entries.find((entry) => entry.name === argv[2]);
  if (wanted) program.addCommand((await wanted.load()).command());
  else for (const entry of entries) program.command(entry.name).summary(entry.summary).description(entry.summary);
  await program.parseAsync(argv);
}
