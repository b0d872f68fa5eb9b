import { refuse } from "./errors.ts";

/** Who follows whom. */
export interface Pair {
  readonly followerId: string;
  readonly followeeId: string;
}

/** A pair that is or was. */
export interface Follow extends Pair {
  readonly following: boolean;
  /** Grows by one with each follow and each end of it. */
  readonly version: bigint;
  readonly followedAt: Date;
}

/** The id of a pair in its events. */
export function idOf({ followerId, followeeId }: Pair): string {
  return `${followerId}:${followeeId}`;
}

export function refuseSelf({ followerId, followeeId }: Pair): void {
  if (followerId === followeeId) throw refuse.CANNOT_FOLLOW_SELF();
}

/** What becomes of a pair that is to follow. @param found undefined: it never did */
export function begin(found: Follow | undefined, pair: Pair, now: Date): Follow {
  if (found?.following) throw refuse.ALREADY_FOLLOWING({ followeeId: pair.followeeId });
  return { ...pair, following: true, version: (found?.version ?? 0n) + 1n, followedAt: now };
}

/** What becomes of a pair that is to follow no longer. */
export function end(found: Follow | undefined, { followeeId }: Pair): Follow {
  if (!found?.following) throw refuse.NOT_FOLLOWING({ followeeId });
  return { ...found, following: false, version: found.version + 1n };
}
