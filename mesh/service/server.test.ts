import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import { Client, credentials } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { HealthService } from "#gen/proto/grpc/health/v1/health.ts";
import { Product, ProductServiceService } from "#gen/proto/siren/product/v1/product.ts";
import { testService } from "#mesh/testing/test-service.ts";
import { Code } from "./codes.ts";
import { clampTimeout } from "./deadline-clamp.ts";
import { implement } from "./handler.ts";

function start(getProduct: () => Promise<Product> = async () => Product.fromPartial({})) {
  return testService({
    name: "product.siren",
    services: [
      implement(ProductServiceService, {
        getProduct,
        createProduct: getProduct,
        updateProduct: getProduct,
        listProducts: async () => ({ products: [], nextPageToken: "" }),
        checkProduct: async ({ productId }) => ({ productId, price: 1n, status: 1 }),
      }),
    ],
    settings: { graceMs: 500 },
  });
}

describe("health", () => {
  it.each(["", "liveness", "readiness"])('serves "%s"', async (service) => {
    await using running = await start();
    expect(await running.caller.call(HealthService.check, { service })).toMatchObject({ response: { status: 1 } });
  });

  it("does not know other names", async () => {
    await using running = await start();
    expect((await running.caller.call(HealthService.check, { service: "nose" })).code).toBe(Code.NOT_FOUND);
  });
});

describe("reflection", () => {
  it.each(["v1", "v1alpha"])("lists services and gives their files by %s", async (version) => {
    await using running = await start();
    const list = await reflect(running.target, version, new BinaryWriter().uint32(58).string("").finish());
    expect(list.toString("latin1")).toContain("siren.product.v1.ProductService");
    expect(list.toString("latin1")).toContain("grpc.health.v1.Health");
    const symbol = new BinaryWriter().uint32(34).string("siren.product.v1.ProductService").finish();
    const file = (await reflect(running.target, version, symbol)).toString("latin1");
    expect(file).toContain("siren/product/v1/product.proto");
    expect(file).toContain("google/protobuf/timestamp.proto");
    const unknown = await reflect(running.target, version, new BinaryWriter().uint32(34).string("no.Such").finish());
    expect(errorCodeOf(unknown)).toBe(Code.NOT_FOUND);
  });
});

describe("shutdown", () => {
  it("finishes what is in flight, and takes nothing new", async () => {
    const release = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const running = await start(async () => {
      begun.resolve();
      await release.promise;
      return Product.fromPartial({ productId: 1n });
    });
    const inFlight = running.caller.call(ProductServiceService.getProduct, { productId: 1n });
    await begun.promise;
    const stopped = running.stop();
    setTimeout(() => release.resolve(), 50);
    expect((await inFlight).code).toBe(Code.OK);
    await stopped;
    const late = new Client(running.target, credentials.createInsecure());
    const code = await new Promise((resolve) => {
      late.makeUnaryRequest(
        "/x/y",
        Buffer.from,
        (bytes: Buffer) => bytes,
        Buffer.alloc(0),
        (error) => resolve(error?.code),
      );
    });
    late.close();
    expect(code).toBe(Code.UNAVAILABLE);
  });

  it("does not wait for a handler that never ends", async () => {
    const begun = Promise.withResolvers<void>();
    const running = await start(() => {
      begun.resolve();
      return new Promise(() => {});
    });
    void running.caller.call(ProductServiceService.getProduct, { productId: 1n });
    await begun.promise;
    const started = Date.now();
    await running.stop();
    expect(Date.now() - started).toBeLessThan(3_000);
  });
});

describe("grpc-timeout", () => {
  it.each([
    ["610m", "610m"],
    ["5S", "5S"],
    ["597H", "2147483S"],
    ["99999999H", "2147483S"],
    ["35792M", "2147483S"],
    ["-1S", "1n"],
    ["0m", "1n"],
    ["nonsense", undefined],
    ["", undefined],
  ])("%s is read as %s", (header, clamped) => {
    expect(clampTimeout(header)).toBe(clamped);
  });
});

function reflect(target: string, version: string, request: Uint8Array): Promise<Buffer> {
  const client = new Client(target, credentials.createInsecure());
  const identity = (bytes: Buffer) => bytes;
  const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
  const call = client.makeBidiStreamRequest(path, identity, identity);
  return new Promise((resolve, reject) => {
    call.on("data", (answer: Buffer) => {
      call.end();
      client.close();
      resolve(answer);
    });
    call.on("error", reject);
    call.write(Buffer.from(request));
  });
}

/** error_response 7, error_code 1 */
function errorCodeOf(response: Buffer): number | undefined {
  const reader = new BinaryReader(response);
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (field !== 7) reader.skip(wire);
    else {
      const inner = new BinaryReader(reader.bytes());
      inner.tag();
      return inner.int32();
    }
  }
  return undefined;
}
