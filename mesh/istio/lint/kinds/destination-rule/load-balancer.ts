import { checkDuration } from "../../checks/durations.ts";
import type { Place } from "../../place.ts";
import { millisecond } from "../../schema/duration.ts";
import { validateLocality } from "./locality.ts";
import type { Blocks, Depth } from "./traffic-policy.ts";

type LoadBalancer = NonNullable<Blocks["loadBalancer"]>;

export function validateLoadBalancer(blocks: Blocks, place: Place, depth: Depth): void {
  const { loadBalancer } = blocks;
  if (!loadBalancer) return;
  validateConsistentHash(loadBalancer.consistentHash, place.in("consistentHash"), depth);
  const ejects = blocks.outlierDetection !== undefined;
  validateLocality(loadBalancer.localityLbSetting, place.in("localityLbSetting"), { warns: depth.warns, ejects });
  validateWarmup(loadBalancer.warmup, place.in("warmup"));
  if ((loadBalancer.warmupDurationSecs ?? millisecond) < millisecond) {
    const message = "Kubernetes refuses the object: a duration must be at least 1ms";
    place.in("warmupDurationSecs").find("M014", message, "write warmup: {duration: ...}");
  }
}

function validateConsistentHash(hash: LoadBalancer["consistentHash"], place: Place, depth: Depth): void {
  if (!hash) return;
  const cookie = hash.httpCookie;
  if (cookie && !cookie.name) place.in("httpCookie").refuse("the cookie has no name", "write `name:`");
  const names = new Set<string>();
  cookie?.attributes?.forEach(({ name }, index) => {
    const at = place.in("httpCookie", "attributes", index);
    if (!name) at.refuse("the attribute has no name", "write `name:`");
    else if (names.has(name)) at.refuse(`the attribute "${name}" stands here twice`, "remove one of them");
    else names.add(name);
  });
  if (hash.minimumRingSize) {
    const at = place.in("minimumRingSize");
    if (depth.warns) at.warn("minimumRingSize is deprecated here", "write ringHash: {minimumRingSize: ...}");
    if (hash.maglev || hash.ringHash) at.refuse("it excludes ringHash and maglev", "remove minimumRingSize");
  }
  if (hash.maglev) validateMaglev(hash.maglev.tableSize ?? 0, place.in("maglev"));
}

const maglevLimit = 5_000_011;

function validateMaglev(size: number, place: Place): void {
  const hint = "write a prime number, such as 65537";
  if (size === 0) place.refuse("maglev needs a table size", hint);
  else if (size >= maglevLimit) place.in("tableSize").refuse(`${size} is not below ${maglevLimit}`, hint);
  else if (!isPrime(size)) place.in("tableSize").refuse(`${size} is no prime number`, hint);
}

function isPrime(number: number): boolean {
  if (number < 4) return number > 0;
  if (number % 2 === 0) return false;
  for (let factor = 3; factor * factor <= number; factor += 2) if (number % factor === 0) return false;
  return true;
}

function validateWarmup(warmup: LoadBalancer["warmup"], place: Place): void {
  if (!warmup) return;
  if (warmup.duration === undefined) place.refuse("the warm-up has no duration", "write `duration:`");
  checkDuration(warmup.duration, place.in("duration"));
  if ((warmup.minimumPercent ?? 0) > 100) {
    place
      .in("minimumPercent")
      .refuse(`${warmup.minimumPercent} is more than 100 percent`, "write a number from 0 to 100");
  }
  if (warmup.aggression !== undefined && warmup.aggression < 1) {
    place.in("aggression").refuse("the aggression is below 1", "write 1 or more");
  }
}
