import type { Answered, Caller } from "./caller.ts";
import { type Call, durationMs } from "./format.ts";

/**
 * Makes a step's calls and waits until each has ended. With a `rate` they start on the clock whatever the answers do (an open
 * loop: a slow proxy does not thin the load out), otherwise `concurrency` of them are in flight at a time.
 */
export async function sendCalls(caller: Caller, call: Call): Promise<Answered[]> {
  const times = call.times ?? 1;
  return call.rate === undefined
    ? closedLoop(caller, call, times)
    : openLoop(caller, { ...call, rate: call.rate }, times);
}

async function closedLoop(caller: Caller, call: Call, times: number): Promise<Answered[]> {
  const made: Answered[] = [];
  let left = times;
  const work = async () => {
    while (left > 0) {
      left--;
      made.push(await sendOne(caller, call));
    }
  };
  await Promise.all(Array.from({ length: Math.min(call.concurrency ?? 1, times) }, work));
  return made;
}

async function openLoop(caller: Caller, call: Call & { rate: number }, times: number): Promise<Answered[]> {
  const startMs = performance.now();
  const flying: Promise<Answered>[] = [];
  while (flying.length < times) {
    const due = Math.min(times, Math.floor(((performance.now() - startMs) * call.rate) / 1_000) + 1);
    while (flying.length < due) flying.push(sendOne(caller, call));
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return Promise.all(flying);
}

function sendOne(caller: Caller, call: Call): Promise<Answered> {
  return caller.send(call, call.deadline === undefined ? {} : { deadlineMs: durationMs(call.deadline) });
}
