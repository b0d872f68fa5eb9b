// The `mesh` command. Each sub-command is one file, loaded when it is called, so that `mesh lint` does not wait for what
// `mesh up` needs.
import { Command } from "commander";

interface Entry {
  readonly name: string;
  readonly summary: string;
  load(): Promise<{ command(): Command }>;
}

const entries: readonly Entry[] = [
  {
    name: "lint",
    summary: "check Istio YAML: what istiod refuses, what will not work, and why",
    load: () => import("./lint.ts"),
  },
  { name: "compile", summary: "print the Envoy configuration of Istio YAML", load: () => import("./compile.ts") },
];

async function main(argv: string[]): Promise<void> {
  const program = new Command("mesh").description(
    "Puts Istio's VirtualServices and DestinationRules in force on a real Envoy, without Kubernetes.",
  );
  const wanted = entries.find((entry) => entry.name === argv[2]);
  if (wanted) program.addCommand((await wanted.load()).command());
  else for (const entry of entries) program.command(entry.name).summary(entry.summary).description(entry.summary);
  await program.parseAsync(argv);
}

await main(process.argv);
