import type { IdempotencyKey } from "./call.ts";

/** Where the answers to requests with a request_id are kept. */
export interface Answers {
  /**
   * The first answer to this request.
   *
   * @returns undefined when it was not answered yet
   * @throws ServiceError REQUEST_ID_REUSED when the id was used for another body
   */
  find(key: IdempotencyKey): Promise<Buffer | undefined>;
}
