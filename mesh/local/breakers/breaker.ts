/** One caller's view of one host of one service: the JSON form of `mesh breakers --json`. Times are ISO 8601. */
export interface Breaker {
  /** `namespace/pod` of the caller. */
  readonly caller: string;
  /** `host:port` as the caller asks for it. */
  readonly callee: string;
  /** Empty: the whole service. */
  readonly subset: string;
  /** Address of the replica. */
  readonly host: string;
  /**
   * open: the host is ejected, no request goes there. blocked: it failed often enough to be ejected, but the policy does not allow
   * that many ejections at a time. closed: all else.
   */
  readonly state: "closed" | "open" | "blocked";
  readonly since: string | null;
  /** When an open one may be called again; the next check of the detection interval makes it so. */
  readonly until: string | null;
  /** Why it is open or blocked; empty for a closed one. */
  readonly cause: string;
  readonly limits: Limits;
  readonly retries: Retries;
}

/** Of the caller towards all hosts of the callee. `max` is null where there is no limit. */
export interface Limits {
  readonly connections: Limit;
  readonly pendingRequests: Limit;
  readonly requests: Limit;
  readonly retries: Limit;
}

export interface Limit {
  readonly max: number | null;
  readonly now: number;
  /** How often the limit turned something away. */
  readonly refused: number;
}

export interface Retries {
  readonly made: number;
  readonly succeeded: number;
  /** Not made, because the limit of concurrent retries was reached. */
  readonly refused: number;
}
