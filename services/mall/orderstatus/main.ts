import { OrderStatusServiceService } from "#gen/proto/mall/orderstatus/v1/orderstatus.ts";
import { implement } from "#mesh/service/handler.ts";
import { serve } from "#mesh/service/serve.ts";
import { policies } from "./policies.ts";
import { rpc } from "./rpc.ts";
import { OrderStatusStore } from "./store.ts";

const store = new OrderStatusStore();

await serve({
  name: "orderstatus.mall",
  services: [implement(OrderStatusServiceService, rpc({ store }))],
  readModel: store.rows,
  policies: policies(store),
});
