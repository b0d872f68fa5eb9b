// The `mesh` command as `npm pack` publishes it: what works on any repository's YAML, bundled into one file of JavaScript.
import { policyCommands } from "./policy-commands.ts";
import { runProgram } from "./program.ts";

await runProgram(policyCommands, process.argv);
