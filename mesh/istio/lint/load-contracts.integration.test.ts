import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ContractsError, loadContracts } from "./load-contracts.ts";

const proto = `syntax = "proto3";
package shop.product.v1;
service ProductService {
  rpc GetProduct(Request) returns (Product) { option idempotency_level = NO_SIDE_EFFECTS; }
  rpc CreateProduct(KeyedRequest) returns (Product);
  rpc DeleteProduct(Request) returns (Product);
  rpc WatchProducts(Request) returns (stream Product);
}
message Request {}
message KeyedRequest { string request_id = 1; }
message Product {}
`;

describe("loadContracts", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "contracts-"));
    mkdirSync(join(folder, "shop/product/v1"), { recursive: true });
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("compiles a folder of .proto files, and knows what streams and what may be repeated", () => {
    writeFileSync(join(folder, "shop/product/v1/product.proto"), proto);
    const { methods } = loadContracts(folder);
    const path = "/shop.product.v1.ProductService";
    const rows = [...methods.values()].map((method) => [method.path, method.repeatable, method.serverStreaming]);
    expect(rows).toEqual([
      [`${path}/GetProduct`, true, false],
      [`${path}/CreateProduct`, true, false],
      [`${path}/DeleteProduct`, false, false],
      [`${path}/WatchProducts`, false, true],
    ]);
  });

  it("says what is wrong with files that do not compile", () => {
    writeFileSync(
      join(folder, "shop/product/v1/product.proto"),
      proto.replace("returns (Product);", "returns (Nothing);"),
    );
    expect(() => loadContracts(folder)).toThrow(ContractsError);
  });

  it.each([
    ["a path that does not exist", "nothing", /no file or folder/],
    ["a file that is no image", "notes.txt", /no descriptor image/],
  ])("says what is wrong with %s", (_, name, says) => {
    writeFileSync(join(folder, "notes.txt"), "no image");
    expect(() => loadContracts(join(folder, name))).toThrow(says);
  });

  it("reads the contracts of this repository", () => {
    const product = loadContracts("proto").ofService("product", "siren");
    expect(product?.map(({ path }) => path)).toContain("/siren.product.v1.ProductService/CheckProduct");
  });
});
