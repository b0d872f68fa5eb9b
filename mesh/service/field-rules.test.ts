import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { describe, expect, it } from "vitest";
import { type FieldDescriptor, FieldType, loadImage } from "./descriptors.ts";
import { readFieldRules } from "./field-rules.ts";
import { compileChecker } from "./validation.ts";

/** A field with rules of mesh.options.v1.field. */
function field(type: number, write: (rules: BinaryWriter) => void, repeated = false): FieldDescriptor {
  const options = new BinaryWriter().uint32((50_051 << 3) | 2).fork();
  write(options);
  const bytes = options.join().finish();
  return { name: "f", number: 1, repeated, type, typeName: "", explicitPresence: false, options: bytes };
}

const id = (rules: BinaryWriter) => rules.uint32(8).bool(true);
const min = (rules: BinaryWriter) => rules.uint32(16).int64(1);
const maxLength = (rules: BinaryWriter) => rules.uint32(40).uint32(3);
const pattern = (rules: BinaryWriter) => rules.uint32(50).string("[a-z]+|x");

describe("rules of a field", () => {
  it("are read from its options", () => {
    expect(readFieldRules(field(FieldType.INT64, min), "m.f")).toMatchObject({ min: 1n, max: undefined, id: false });
    const { pattern: found } = readFieldRules(field(FieldType.STRING, pattern), "m.f");
    expect(found?.test("abc")).toBe(true);
    expect(found?.test("abc1")).toBe(false);
  });

  it.each([
    ["min on a string", FieldType.STRING, min],
    ["a pattern on a number", FieldType.INT64, pattern],
    ["a length on a number", FieldType.INT64, maxLength],
    ["id on a bool", FieldType.BOOL, id],
  ])("that do not fit stop the service at its start: %s", (_, type, write) => {
    expect(() => readFieldRules(field(type, write), "m.f")).toThrow(/^m\.f: /);
  });

  it("may limit a list", () => {
    expect(readFieldRules(field(FieldType.INT64, maxLength, true), "m.f").maxLength).toBe(3);
  });
});

describe("every request of every contract", () => {
  it("has rules that fit", () => {
    const image = loadImage();
    const ours = image.fileNames().filter((name) => !/^(google|grpc|mesh)\//.test(name));
    const requests = ours.flatMap((name) => {
      const file = image.file(name);
      const methods = [...file.services.values()].flatMap((service) => [...service.values()]);
      return methods.map(({ inputType }) => ({ file, inputType }));
    });
    expect(requests.length).toBeGreaterThan(10);
    for (const { file, inputType } of requests) expect(compileChecker(image, file, inputType)).toBeTypeOf("function");
  });
});
