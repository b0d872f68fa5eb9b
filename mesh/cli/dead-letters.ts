import { connect, type NatsConnection } from "@nats-io/transport-node";
import type { Command } from "commander";
import { Refusal } from "#mesh/local/daemon/refusal.ts";
import type { Status } from "#mesh/local/daemon/status.ts";
import { type DeadLetter, listDeadLetters, replayDeadLetters } from "#mesh/service/dead-letters.ts";
import { ask, enterRepository, meshCommand, refusing, type StateOption } from "./running-mesh.ts";

interface Options extends StateOption {
  readonly replay?: boolean;
  readonly json?: boolean;
  readonly natsUrl?: string;
}

/** `mesh dead-letters`: the events that a service could not apply, and how to deliver them again. */
export function command(): Command {
  return meshCommand("dead-letters", "list the events that could not be applied, or deliver them again")
    .argument("<system or workload>", "such as siren, or siren/order")
    .argument("[numbers...]", "only these dead letters")
    .option("--replay", "deliver them again to the service that could not apply them, and delete them here")
    .option(
      "--json",
      "print an array: sequence, service, subject, eventId, correlationId, deliveries, cause, time, payload",
    )
    .option("--nats-url <url>", "a NATS other than the running mesh's")
    .action(
      refusing(async (target: string, numbers: string[], options: Options) => {
        const connection = await connect({ servers: options.natsUrl ?? (await natsOf(options)) });
        try {
          await run(connection, { target, numbers, options });
        } finally {
          await connection.close();
        }
      }),
    );
}

async function run(
  connection: NatsConnection,
  { target, numbers, options }: { target: string; numbers: readonly string[]; options: Options },
): Promise<void> {
  const [ns = "", service] = target.split("/");
  const filter = { ns, ...(service === undefined ? {} : { service }) };
  const sequences = numbers.length > 0 ? numbers.map(parseNumber) : undefined;
  if (options.replay) {
    const replayed = await replayDeadLetters(connection, filter, sequences);
    process.stdout.write(`${replayed} delivered again\n`);
    return;
  }
  const letters = (await listDeadLetters(connection, filter)).filter(
    ({ sequence }) => !sequences || sequences.includes(sequence),
  );
  if (options.json) process.stdout.write(`${JSON.stringify(letters, null, 2)}\n`);
  else for (const letter of letters) process.stdout.write(`${describe(letter)}\n`);
}

function describe({ sequence, service, subject, correlationId, deliveries, cause, time, payload }: DeadLetter): string {
  return [
    `${sequence}  ${time.toISOString()}  ${service} could not apply ${subject} of ${correlationId} in ${deliveries} deliveries`,
    `    ${cause}`,
    `    ${payload}`,
  ].join("\n");
}

async function natsOf(options: Options): Promise<string> {
  const { rows } = await ask<Status>(enterRepository(options), "GET", "/status");
  const port = rows.find(({ workload }) => workload === "nats")?.ports[0]?.listens;
  if (!port) throw new Refusal("the mesh runs no NATS; name one with --nats-url");
  return `nats://${port}`;
}

function parseNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new Refusal(`"${text}" is no number of a dead letter`);
  return Number(text);
}
