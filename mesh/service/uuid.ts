import { randomFillSync } from "node:crypto";

const random = Buffer.alloc(4096);
let used = random.length;
let last = 0;
/** 12 bits that count within a millisecond, from a random start in the lower half. */
let count = 0;

/**
 * A UUID of version 7: sorts by time of making, to the millisecond, and within a millisecond those of one process in the order of their making (unless they
 * are more than 2048). RFC 9562, sections 5.7 and 6.2, method 1
 */
export function uuidv7(now: number = Date.now()): string {
  if (used + 10 > random.length) {
    randomFillSync(random);
    used = 0;
  }
  const bytes = Buffer.allocUnsafe(16);
  bytes.writeUIntBE(now, 0, 6);
  random.copy(bytes, 6, used, used + 10);
  used += 10;
  count = now === last && count < 0xfff ? count + 1 : bytes.readUInt16BE(6) & 0x7ff;
  last = now;
  bytes.writeUInt16BE(0x7000 | count, 6);
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
