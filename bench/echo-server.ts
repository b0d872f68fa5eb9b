// One side of bench/echo.ts: a server that answers CreateProduct with the product it was sent.
//
//   node bench/echo-server.ts bare|mesh      prints its port on stderr
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from "@grpc/grpc-js";
import {
  type CreateProductRequest,
  Product,
  type ProductServiceServer,
  ProductServiceService,
} from "#gen/proto/siren/product/v1/product.ts";
import { implement } from "#mesh/service/handler.ts";
import { present } from "#mesh/service/present.ts";
import { Service } from "#mesh/service/service.ts";

const listen = { bare, mesh }[process.argv[2] ?? ""];
if (!listen) throw new Error("say bare or mesh");
console.error(await listen());

/** grpc-js and the generated code, nothing else. */
async function bare(): Promise<number> {
  const server = new Server();
  const handlers = {
    createProduct(call: ServerUnaryCall<CreateProductRequest, Product>, reply: sendUnaryData<Product>) {
      reply(null, present(call.request.product));
    },
  };
  server.addService(ProductServiceService, handlers as unknown as ProductServiceServer);
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
      if (error) reject(error);
      else resolve(port);
    });
  });
}

/** The run time as services use it: validation, a log line a call, trace context, sampling and level as shipped. */
async function mesh(): Promise<number> {
  const echo = async ({ product }: { product?: Product | undefined }) => present(product);
  const service = await Service.listen({
    name: "product.siren",
    settings: { listen: "127.0.0.1:0" },
    services: [
      implement(ProductServiceService, {
        createProduct: echo,
        updateProduct: echo,
        getProduct: async () => Product.fromPartial({}),
        listProducts: async () => ({ products: [], nextPageToken: "" }),
        checkProduct: async ({ productId }) => ({ productId, price: 0n, status: 1 }),
      }),
    ],
  });
  await service.start();
  return service.port;
}
