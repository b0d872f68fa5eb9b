import { fromBinary } from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  type FileDescriptorSet,
  FileDescriptorSetSchema,
  type MethodDescriptorProto,
  MethodOptions_IdempotencyLevel,
} from "@bufbuild/protobuf/wkt";
import { Contracts, type Method } from "./contracts.ts";

/** The contracts in a descriptor image, which `buf build -o image.binpb` and `protoc -o` make. Throws when it is none. */
export function readImage(image: Uint8Array): Contracts {
  const set = fromBinary(FileDescriptorSetSchema, image);
  const messages = readMessages(set);
  const methods = set.file.flatMap((file) =>
    file.service.flatMap((service) =>
      service.method.map((method) => readMethod(`${file.package}.${service.name}`, method, messages)),
    ),
  );
  return new Contracts(methods);
}

function readMessages(set: FileDescriptorSet): Map<string, DescriptorProto> {
  const messages = new Map<string, DescriptorProto>();
  for (const file of set.file) {
    for (const message of file.messageType) messages.set(`.${file.package}.${message.name}`, message);
  }
  return messages;
}

function readMethod(service: string, method: MethodDescriptorProto, messages: Map<string, DescriptorProto>): Method {
  const level = method.options?.idempotencyLevel ?? MethodOptions_IdempotencyLevel.IDEMPOTENCY_UNKNOWN;
  const keyed = messages.get(method.inputType)?.field.some(({ name }) => name === "request_id") ?? false;
  return {
    path: `/${service}/${method.name}`,
    clientStreaming: method.clientStreaming,
    serverStreaming: method.serverStreaming,
    repeatable: keyed || level !== MethodOptions_IdempotencyLevel.IDEMPOTENCY_UNKNOWN,
  };
}
