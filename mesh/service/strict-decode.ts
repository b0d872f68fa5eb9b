import { BinaryReader } from "@bufbuild/protobuf/wire";

/** Text whose bytes are not UTF-8 is an error here, as proto3 asks; by default it would become U+FFFD. */
class StrictReader extends BinaryReader {
  override string(): string {
    return super.string(true);
  }
}

/** A request that does not decode. */
export class Malformed {
  readonly cause: unknown;
  constructor(cause: unknown) {
    this.cause = cause;
  }
}

/**
 * Decodes a message without throwing: grpc-js would answer INTERNAL, and an INTERNAL counts towards ejection.
 *
 * @param decode ts-proto's decoder, which takes a reader as well as bytes
 */
export function decodeStrictly<Message extends object>(
  decode: (bytes: Buffer) => Message,
  bytes: Buffer,
): Message | Malformed {
  try {
    return decode(new StrictReader(bytes) as unknown as Buffer);
  } catch (cause) {
    return new Malformed(cause);
  }
}
