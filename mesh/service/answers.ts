import type { IdempotencyKey } from "./call.ts";
import { invalidRequest, type ServiceError } from "./errors.ts";

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

/** INVALID_ARGUMENT REQUEST_ID_REUSED: the id came before, with another body. */
export function requestIdReused(): ServiceError {
  const description = "was used for another request; every request needs a fresh one";
  return invalidRequest([{ field: "request_id", reason: "REQUEST_ID_REUSED", description }]);
}
