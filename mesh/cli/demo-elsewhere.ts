import { Command } from "commander";

/** `mesh demo` as it is published: what it would demonstrate is not in the package. */
export function command(): Command {
  return new Command("demo")
    .description("The demonstrations need the services that they break; they run in the repository of Mainsheet alone.")
    .argument("[demonstration]")
    .allowUnknownOption()
    .action(() => {
      process.stderr.write(
        "mesh: the demonstrations run in the repository of Mainsheet, with the services that they break; this package has neither\n",
      );
      process.exitCode = 1;
    });
}
