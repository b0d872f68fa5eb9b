import { createHash } from "node:crypto";
import type { MethodDefinition } from "@grpc/proto-loader";
import { isTaken } from "./database.ts";
import { invalidArgument } from "./refusal.ts";

/** A request as its request_id names it. */
export interface RequestKey {
  readonly method: string;
  readonly requestId: string;
  readonly fingerprint: Uint8Array<ArrayBuffer>;
}

interface AnswerRow extends RequestKey {
  readonly response: Uint8Array<ArrayBuffer>;
}

/** The table of answers of a Prisma client, or of a transaction of it. */
export interface AnswerTable {
  findUnique(query: {
    where: { method_requestId: { method: string; requestId: string } };
  }): Promise<{ fingerprint: Uint8Array; response: Uint8Array } | null>;
  createMany(query: { data: AnswerRow }): Promise<unknown>;
}

/** Answers a repeated request_id with the first answer (AIP-155). */
export class Answers<Response extends object> {
  readonly #table: AnswerTable;
  readonly #method: MethodDefinition<object, object>;

  constructor(table: AnswerTable, method: MethodDefinition<object, object>) {
    this.#table = table;
    this.#method = method;
  }

  /** @param work answers the request and keeps the answer, in one transaction; without a key it keeps nothing */
  async once(
    request: { requestId: string },
    work: (key: RequestKey | undefined) => Promise<Response>,
  ): Promise<Response> {
    if (request.requestId === "") return work(undefined);
    const fingerprint = createHash("sha256").update(this.#method.requestSerialize(request)).digest();
    const key = { method: this.#method.path.slice(1), requestId: request.requestId, fingerprint };
    const first = await this.#find(key);
    if (first) return first;
    try {
      return await work(key);
    } catch (error) {
      const meanwhile = isTaken(error) ? await this.#find(key) : undefined;
      if (meanwhile) return meanwhile;
      throw error;
    }
  }

  async keep(table: AnswerTable, key: RequestKey | undefined, response: Response): Promise<void> {
    if (!key) return;
    await table.createMany({ data: { ...key, response: new Uint8Array(this.#method.responseSerialize(response)) } });
  }

  async #find({ method, requestId, fingerprint }: RequestKey): Promise<Response | undefined> {
    const row = await this.#table.findUnique({ where: { method_requestId: { method, requestId } } });
    if (!row) return undefined;
    if (!Buffer.from(row.fingerprint).equals(fingerprint)) throw invalidArgument("REQUEST_ID_REUSED");
    return this.#method.responseDeserialize(Buffer.from(row.response)) as Response;
  }
}
