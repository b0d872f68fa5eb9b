// The AI adapter against a server that speaks the protocol, well and badly.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { afterEach, describe, expect, it } from "vitest";
import { RecommendationType } from "#gen/proto/ktravel/plan/v1/plan.ts";
import { connectHttp } from "#mesh/service/http.ts";
import { passOnOnly } from "#mesh/service/telemetry.ts";
import { WorkContext } from "#mesh/service/work-context.ts";
import { aiGenerator } from "./ai-generator.ts";
import { refuse } from "./errors.ts";
import type { Wish } from "./generator.ts";

const wish: Wish = {
  type: RecommendationType.RECOMMENDATION_TYPE_TASTE,
  location: "부산",
  travelDate: "2999-05-01",
  budget: 900_000n,
  groupSize: 2,
  details: "바다",
  language: "ko",
};
const result = {
  location: "부산",
  travel_date: "2999-05-01",
  budget: 800_000,
  group_size: 2,
  details: "1일차: 해운대",
};
const context = (signal = new AbortController().signal) =>
  new WorkContext("test", { log: pino({ level: "silent" }), telemetry: passOnOnly, signal });

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

type Answer = (response: ServerResponse, request: IncomingMessage & { body: string }) => void;

/** @returns the generator that asks a server with these answers */
async function asking(answer: Answer, apiKey = "") {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => answer(response, Object.assign(request, { body: Buffer.concat(chunks).toString() })));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => server.close().closeAllConnections());
  const target = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return aiGenerator({ http: connectHttp(target, { unavailable: refuse.AI_UNAVAILABLE }), model: "a-model", apiKey });
}

const completion = (content: unknown) => JSON.stringify({ choices: [{ message: { role: "assistant", content } }] });

describe("an AI", () => {
  it("is asked over the chat API, with the wish, the examples and the schema", async () => {
    let seen: (IncomingMessage & { body: string }) | undefined;
    const ai = await asking((response, request) => {
      seen = request;
      response.end(completion(JSON.stringify(result)));
    }, "a-key");
    expect(await ai.generate(wish, ["자갈치시장"], context())).toEqual({
      location: "부산",
      travelDate: "2999-05-01",
      budget: 800_000n,
      groupSize: 2,
      details: "1일차: 해운대",
    });
    expect([seen?.method, seen?.url, seen?.headers["authorization"]]).toEqual([
      "POST",
      "/v1/chat/completions",
      "Bearer a-key",
    ]);
    const body = JSON.parse(seen?.body ?? "") as { model: string; messages: { role: string; content: string }[] };
    expect(body).toMatchObject({
      model: "a-model",
      response_format: { type: "json_schema", json_schema: { strict: true, schema: { additionalProperties: false } } },
    });
    expect(body.messages.map(({ role }) => role)).toEqual(["system", "user"]);
    expect(body.messages[0]?.content).toContain("in Korean");
    expect(JSON.parse(body.messages[1]?.content ?? "")).toEqual({
      wish: { location: "부산", travel_date: "2999-05-01", budget: 900_000, group_size: 2, details: "바다" },
      examples: ["자갈치시장"],
    });
  });

  it("is asked without a key when there is none, and for an estimate when the budget is open", async () => {
    let seen: (IncomingMessage & { body: string }) | undefined;
    const ai = await asking((response, request) => {
      seen = request;
      response.end(completion(JSON.stringify(result)));
    });
    await ai.generate({ ...wish, budget: 0n, language: "en" }, [], context());
    expect(seen?.headers["authorization"]).toBeUndefined();
    expect(seen?.body).toContain("estimate it");
    expect(seen?.body).toContain("in English");
    expect(seen?.body).not.toContain('examples\\" are plans');
  });

  it.each<[string, Answer]>([
    ["answers 500", (response) => response.writeHead(500).end("부산")],
    ["answers 429", (response) => response.writeHead(429).end()],
    ["takes no such key", (response) => response.writeHead(401).end()],
    ["hangs up", (response) => response.destroy()],
  ])("that %s is unavailable", async (_, answer) => {
    const ai = await asking(answer);
    await expect(ai.generate(wish, [], context())).rejects.toMatchObject({ reason: "AI_UNAVAILABLE" });
  });

  it("that is slow is waited for as long as the mesh does, and no longer than the process lives", async () => {
    const asked = Promise.withResolvers<void>();
    const ai = await asking(() => asked.resolve());
    const controller = new AbortController();
    const answer = ai.generate(wish, [], context(controller.signal));
    await asked.promise;
    controller.abort();
    await expect(answer).rejects.toMatchObject({ reason: "AI_UNAVAILABLE" });
  });

  it.each<[string, string]>([
    ["no JSON", "부산으로 가세요"],
    ["no completion", "{}"],
    ["null", "null"],
    ["no content", completion(null)],
    ["a refusal in words", completion("I cannot help with 부산.")],
    ["a plan that breaks off", completion('{"location": "부산", "details": "해운')],
    ["fields that it made up", completion(JSON.stringify({ ...result, hotel: "부산 호텔" }))],
    ["a field too few", completion(JSON.stringify({ ...result, details: undefined }))],
  ])("that answers %s made no plan, and what it said is in no error", async (_, body) => {
    const ai = await asking((response) => response.end(body));
    const error = await ai.generate(wish, [], context()).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ reason: "AI_INVALID_RESULT" });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toMatch(/부산|해운/);
  });
});
