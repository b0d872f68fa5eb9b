import type { Rest } from "./rest.ts";

/** REST calls that must succeed. */
export interface DemandingRest {
  /** @throws Error when the answer is not 200 */
  get<Answer>(path: string): Promise<Answer>;
  /** @throws Error when the answer is not 200 */
  post<Answer>(path: string, body: unknown): Promise<Answer>;
  /** The same, but what exists already (409) is left alone. */
  ensure(path: string, body: unknown): Promise<void>;
  /** Repeats a GET every 100 ms until it answers 200 and its body passes. @throws Error after 30 s */
  wait<Answer>(path: string, passes?: (answer: Answer) => boolean): Promise<Answer>;
}

const giveUpMs = 30_000;
const pauseMs = 100;

/** For scripts that fill a shop: the body of each answer, or an error that says what was asked. */
export function demanding(rest: Rest): DemandingRest {
  const call = async <Answer>(method: string, path: string, body?: unknown, others: readonly number[] = []) => {
    const answer = await rest(method, path, body);
    if (answer.status === 200 || others.includes(answer.status)) return answer.body as Answer;
    throw new Error(`${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  };
  return {
    get: (path) => call("GET", path),
    post: (path, body) => call("POST", path, body),
    ensure: (path, body) => call("POST", path, body, [409]),
    async wait<Answer>(path: string, passes: (answer: Answer) => boolean = () => true) {
      const giveUpAt = Date.now() + giveUpMs;
      for (;;) {
        const answer = await rest("GET", path);
        if (answer.status === 200 && passes(answer.body as Answer)) return answer.body as Answer;
        if (Date.now() > giveUpAt) throw new Error(`GET ${path} did not answer as expected within ${giveUpMs} ms`);
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    },
  };
}
