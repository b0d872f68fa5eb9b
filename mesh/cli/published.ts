// The `mesh` command as `npm pack` publishes it: what works on any repository's YAML, bundled into one file of JavaScript.
import { policyCommands } from "./policy-commands.ts";
import { runProgram } from "./program.ts";

const demo = {
  name: "demo",
  summary: "(only in the repository of Mainsheet)",
  load: () => import("./demo-elsewhere.ts"),
};

await runProgram([...policyCommands, demo], process.argv);
