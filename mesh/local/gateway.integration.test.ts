import { createHmac } from "node:crypto";
import { join } from "node:path";
import { credentials, Metadata, Server, ServerCredentials, type ServiceError, status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  ProductServiceClient,
  type ProductServiceServer,
  ProductServiceService,
  ProductStatus,
} from "#gen/proto/siren/product/v1/product.ts";
import { loadFiles, loadText } from "#mesh/istio/load.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { type Rest, rest } from "./rest.ts";
import { LocalMesh, type TestReplica } from "./testing/local-mesh.ts";

const istio = join(import.meta.dirname, "..", "..", "istio");

/** The gateway with the files of this repository, in front of a product that is played here. */
describe("the gateway", () => {
  let mesh: LocalMesh;
  let product: TestReplica;
  const played = new Server();
  let siren: Rest;

  beforeAll(async () => {
    mesh = await LocalMesh.start();
    product = await mesh.add({ name: "product" });
    await product.server.close();
    await play(played, product.replica.ports[0]?.upstream ?? "");
    const applied = await apply("");
    expect(applied.findings.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(applied.acknowledged).toBe(true);
    siren = rest(`http://127.0.0.1:${mesh.plane.ports.http}`, "siren.localhost");
  });
  afterAll(async () => {
    played.forceShutdown();
    await mesh?.[Symbol.asyncDispose]();
  });

  function apply(more: string) {
    const files = loadFiles([join(istio, "gateway"), join(istio, "mesh.yaml")]);
    const services = loadText(
      `apiVersion: v1
kind: Service
metadata: { name: product, namespace: siren }
spec: { selector: { app: product }, ports: [{ name: grpc, port: 50051, targetPort: grpc }] }
---
${more}`,
      "more.yaml",
    );
    // Ktravel's RequestAuthentication holds for the whole gateway; the test of tokens brings its own.
    const own = files.objects.filter(({ kind }) => kind !== "RequestAuthentication");
    const objects = [...own, ...services.objects];
    return mesh.plane.apply({ objects, replicas: [product.replica], findings: files.findings });
  }

  it("turns REST into gRPC and the answer into JSON, with fields that are zero", async () => {
    const answer = await siren("GET", "/v1/products/7?utm_source=x");
    expect(answer).toMatchObject({
      status: 200,
      body: { productId: expect.anything(), name: "product 7", price: "0" },
    });
  });

  it("turns a refusal into its status and its details", async () => {
    const answer = await siren("GET", "/v1/products/404");
    expect(answer.status).toBe(404);
    expect(answer.body).toMatchObject({ code: status.NOT_FOUND, message: "no such product" });
  });

  it.each([
    { method: "GET", path: "/nothing/here", body: undefined, code: 404, reason: "ROUTE_NOT_FOUND" },
    { method: "POST", path: "/v1/products", body: "{ not json", code: 400, reason: "MALFORMED_REQUEST" },
  ])("answers $method $path with JSON of its own: $code $reason", async ({ method, path, body, code, reason }) => {
    const answer = await siren(method, path, body);
    expect(answer).toMatchObject({ status: code, body: { details: [expect.objectContaining({ reason })] } });
  });

  it("passes gRPC on as it is, with statuses of its own where it answers itself", async () => {
    expect(await getProduct("siren.localhost", "7")).toMatchObject({ name: "product 7" });
    expect(await getProduct("product.siren.localhost", "7")).toMatchObject({ name: "product 7" });
    const refused = await getProduct("product.siren.localhost", "404").catch((error: ServiceError) => error);
    expect(refused).toMatchObject({ code: status.NOT_FOUND, details: "no such product" });
    const nowhere = await getProduct("nobody.siren.localhost", "7").catch((error: ServiceError) => error);
    expect(nowhere).toMatchObject({ code: status.UNIMPLEMENTED });
    expect(String(Reflect.get(Object(nowhere), "details"))).not.toContain("{");
  });

  it("calls the sidecar under the gateway's own identity", async () => {
    const allow = (principal: string) => `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: product, namespace: siren }
spec:
  selector: { matchLabels: { app: product } }
  rules: [{ from: [{ source: { principals: ["${principal}"] } }] }]`;
    await apply(allow("cluster.local/ns/siren/sa/somebody"));
    await eventually(async () => (await siren("GET", "/v1/products/7")).status === 403);
    await apply(allow("cluster.local/ns/istio-system/sa/istio-ingressgateway"));
    await eventually(async () => (await siren("GET", "/v1/products/7")).status === 200);
  });

  it("takes only tokens that are signed with the keys of the RequestAuthentication", async () => {
    const secret = Buffer.from("a secret of at least thirty-two bytes");
    const jwks = JSON.stringify({ keys: [{ kty: "oct", kid: "1", alg: "HS256", k: secret.toString("base64url") }] });
    const token = (key: Buffer, lifeSeconds: number) => {
      const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
      const claims = { iss: "https://id.example", sub: "jane", exp: Math.floor(Date.now() / 1000) + lifeSeconds };
      const body = `${encode({ alg: "HS256", kid: "1", typ: "JWT" })}.${encode(claims)}`;
      return `Bearer ${body}.${createHmac("sha256", key).update(body).digest("base64url")}`;
    };
    const authenticate = (keys: string) => `
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: jwt, namespace: istio-system }
spec:
  selector: { matchLabels: { istio: ingressgateway } }
  jwtRules: [{ issuer: "https://id.example", ${keys} }]`;
    const get = async (authorization: string) =>
      (await siren("GET", "/v1/products/7", undefined, { authorization })).status;
    await apply(authenticate(`jwks: '${jwks}'`));
    await eventually(async () => (await get(token(Buffer.from("forged"), 60))) === 401);
    expect(await get(token(secret, 60))).toBe(200);
    expect(await get(token(secret, -600))).toBe(401);
    expect((await siren("GET", "/v1/products/7")).status).toBe(200);
    // Nothing listens there: no keys, and so no token is good.
    expect(await apply(authenticate('jwksUri: "http://127.0.0.1:1/keys"'))).toMatchObject({ acknowledged: true });
    await eventually(async () => (await get(token(secret, 60))) === 401);
    await apply("");
    await eventually(async () => (await get(token(Buffer.from("forged"), 60))) === 200);
  });

  function getProduct(authority: string, productId: string): Promise<unknown> {
    const client = new ProductServiceClient(`127.0.0.1:${mesh.plane.ports.http}`, credentials.createInsecure(), {
      "grpc.default_authority": authority,
      "grpc.enable_retries": 0,
    });
    return new Promise((resolve, reject) => {
      client.getProduct({ productId: BigInt(productId) }, new Metadata(), (error, answer) => {
        client.close();
        if (error) reject(error);
        else resolve(answer);
      });
    });
  }
});

async function play(server: Server, address: string): Promise<void> {
  const { PRODUCT_STATUS_AVAILABLE } = ProductStatus;
  const unset = { status: PRODUCT_STATUS_AVAILABLE, createTime: undefined, updateTime: undefined };
  const methods: Pick<ProductServiceServer, "getProduct"> = {
    getProduct: (call, answer) => {
      const { productId } = call.request;
      if (productId === 404n) answer({ code: status.NOT_FOUND, details: "no such product" });
      else answer(null, { productId, name: `product ${productId}`, price: 0n, ...unset });
    },
  };
  server.addService(ProductServiceService, { ...methods });
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error) => (error ? reject(error) : resolve()));
  });
}
