import { patiently } from "./patiently.ts";
import type { Rest, RestAnswer } from "./rest.ts";

/** REST calls that must succeed. All of them come again when they are answered 503: see `patiently`. */
export interface DemandingRest {
  /** @throws Error when the answer is not 200 */
  get<Answer>(path: string): Promise<Answer>;
  /** @throws Error when the answer is not 200 */
  post<Answer>(path: string, body: unknown): Promise<Answer>;
  /** The same, but what exists already (409) is left alone. */
  ensure(path: string, body: unknown): Promise<void>;
  /** Repeats a POST every 100 ms while it answers 404, for what is known a moment later. @throws Error after a minute, or at another answer */
  postWhenKnown<Answer>(path: string, body: unknown): Promise<Answer>;
  /** Repeats a GET every 100 ms until it answers 200 and its body passes. @throws Error after a minute */
  wait<Answer>(path: string, passes?: (answer: Answer) => boolean): Promise<Answer>;
}

const giveUpMs = 60_000;
const pauseMs = 100;

/** For scripts that fill a shop: the body of each answer, or an error that says what was asked. */
export function demanding(rest: Rest): DemandingRest {
  const call = async <Answer>(method: string, path: string, body?: unknown, others: readonly number[] = []) => {
    return demanded<Answer>(`${method} ${path}`, await patiently(() => rest(method, path, body)), others);
  };
  return {
    get: (path) => call("GET", path),
    post: (path, body) => call("POST", path, body),
    ensure: (path, body) => call("POST", path, body, [409]),
    postWhenKnown: <Answer>(path: string, body: unknown) =>
      repeated<Answer>(`POST ${path}`, async () => {
        const answer = await patiently(() => rest("POST", path, body));
        return answer.status === 404 ? undefined : demanded<Answer>(`POST ${path}`, answer);
      }),
    wait: <Answer>(path: string, passes: (answer: Answer) => boolean = () => true) =>
      repeated<Answer>(`GET ${path}`, async () => {
        const answer = await rest("GET", path);
        return answer.status === 200 && passes(answer.body as Answer) ? (answer.body as Answer) : undefined;
      }),
  };
}

function demanded<Answer>(what: string, { status, body }: RestAnswer, others: readonly number[] = []): Answer {
  if (status === 200 || others.includes(status)) return body as Answer;
  throw new Error(`${what} answered ${status}: ${JSON.stringify(body)}`);
}

async function repeated<Answer>(what: string, look: () => Promise<Answer | undefined>): Promise<Answer> {
  const giveUpAt = Date.now() + giveUpMs;
  for (;;) {
    const answer = await look();
    if (answer !== undefined) return answer;
    if (Date.now() > giveUpAt) throw new Error(`${what} did not answer as expected within ${giveUpMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
