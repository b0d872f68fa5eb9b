import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import type { Server, ServerDuplexStream } from "@grpc/grpc-js";
import { Code } from "./codes.ts";
import type { DescriptorImage } from "./descriptors.ts";

// Numbers of the fields: https://github.com/grpc/grpc-proto/blob/master/grpc/reflection/v1/reflection.proto (v1alpha is the same on the wire).

type Stream = ServerDuplexStream<Buffer, Buffer>;

const versions = ["v1", "v1alpha"];

/**
 * Server reflection from the descriptor image, for grpcurl and its like.
 *
 * @param services full names of what this server serves
 */
export function registerReflection(server: Server, image: DescriptorImage, services: readonly string[]): void {
  const answer = new Reflection(image, services);
  for (const version of versions) {
    const identity = (bytes: Buffer) => bytes;
    const method = {
      path: `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
      requestStream: true,
      responseStream: true,
      requestSerialize: identity,
      requestDeserialize: identity,
      responseSerialize: identity,
      responseDeserialize: identity,
    };
    server.addService(
      { ServerReflectionInfo: method },
      { ServerReflectionInfo: (call: Stream) => serve(call, answer) },
    );
  }
}

function serve(call: Stream, reflection: Reflection): void {
  call.on("data", (request: Buffer) => call.write(reflection.answer(request)));
  call.on("end", () => call.end());
  call.on("error", () => {}); // The other side went away.
}

class Reflection {
  readonly #image: DescriptorImage;
  readonly #services: readonly string[];

  constructor(image: DescriptorImage, services: readonly string[]) {
    this.#image = image;
    this.#services = services;
  }

  /** ServerReflectionResponse: valid_host 1, original_request 2, and the answer. */
  answer(request: Buffer): Buffer {
    const writer = new BinaryWriter().uint32(tag(2)).bytes(request);
    try {
      this.#write(request, writer);
    } catch {
      writeError(writer, Code.INVALID_ARGUMENT, "the request does not decode");
    }
    return Buffer.from(writer.finish());
  }

  #write(request: Buffer, writer: BinaryWriter): void {
    const reader = new BinaryReader(request);
    while (reader.pos < reader.len) {
      const [field, wire] = reader.tag();
      if (field === 3) return this.#writeFiles(reader.string(), writer);
      if (field === 4) return this.#writeFiles(this.#image.fileOf(reader.string())?.name, writer);
      if (field === 7) return this.#writeServices(writer);
      if (field === 5 || field === 6) return writeError(writer, Code.NOT_FOUND, "extensions are not listed");
      reader.skip(wire);
    }
    writeError(writer, Code.UNIMPLEMENTED, "unknown kind of request");
  }

  /** file_descriptor_response 4: the file and all it imports, so that the client need not ask again. */
  #writeFiles(name: string | undefined, writer: BinaryWriter): void {
    if (name === undefined || !this.#image.fileBytes(name)) return writeError(writer, Code.NOT_FOUND, "not found");
    const files = [...this.#image.closure(name).keys()];
    writer.uint32(tag(4)).fork();
    for (const file of files) writer.uint32(tag(1)).bytes(this.#image.fileBytes(file) ?? new Uint8Array());
    writer.join();
  }

  /** list_services_response 6 */
  #writeServices(writer: BinaryWriter): void {
    writer.uint32(tag(6)).fork();
    for (const service of this.#services) writer.uint32(tag(1)).fork().uint32(tag(1)).string(service).join();
    writer.join();
  }
}

/** error_response 7: error_code 1, error_message 2 */
function writeError(writer: BinaryWriter, code: number, message: string): void {
  writer.uint32(tag(7)).fork().uint32(8).int32(code).uint32(tag(2)).string(message).join();
}

/** The tag of a length-delimited field. */
function tag(field: number): number {
  return (field << 3) | 2;
}
