// The mall's services inside a test's process, on a PostgreSQL and a NATS of the test, without proxies between them.
import { PrismaClient as DeliveryClient } from "#gen/prisma/mall/delivery/client.ts";
import { PrismaClient as OrderClient } from "#gen/prisma/mall/order/client.ts";
import { PrismaClient as PayClient } from "#gen/prisma/mall/pay/client.ts";
import { PrismaClient as ProductClient } from "#gen/prisma/mall/product/client.ts";
import { DeliveryServiceService } from "#gen/proto/mall/delivery/v1/delivery.ts";
import { OrderServiceService } from "#gen/proto/mall/order/v1/order.ts";
import { OrderStatusServiceService } from "#gen/proto/mall/orderstatus/v1/orderstatus.ts";
import { PayServiceService } from "#gen/proto/mall/pay/v1/pay.ts";
import { ProductServiceService } from "#gen/proto/mall/product/v1/product.ts";
import { connect } from "#mesh/service/client.ts";
import { implement } from "#mesh/service/handler.ts";
import { databaseService, type Place, type WithSql } from "#mesh/testing/placed-service.ts";
import { type TestService, testService } from "#mesh/testing/test-service.ts";
import { policies as deliveryPolicies } from "./delivery/policies.ts";
import { rpc as deliveryRpc } from "./delivery/rpc.ts";
import { DeliveryStore } from "./delivery/store.ts";
import { payFailures } from "./order/errors.ts";
import { policies as orderPolicies } from "./order/policies.ts";
import { finishCancels } from "./order/recovery.ts";
import { rpc as orderRpc } from "./order/rpc.ts";
import { OrderStore } from "./order/store.ts";
import { policies as orderstatusPolicies } from "./orderstatus/policies.ts";
import { rpc as orderstatusRpc } from "./orderstatus/rpc.ts";
import { OrderStatusStore } from "./orderstatus/store.ts";
import { productFailures } from "./pay/errors.ts";
import { policies as payPolicies } from "./pay/policies.ts";
import { checkAll, finishChecks } from "./pay/recovery.ts";
import { rpc as payRpc } from "./pay/rpc.ts";
import { PayStore } from "./pay/store.ts";
import { policies as productPolicies } from "./product/policies.ts";
import { rpc as productRpc } from "./product/rpc.ts";
import { ProductStore } from "./product/store.ts";

export type { WithSql };

export function startProduct(place: Place): Promise<WithSql> {
  return databaseService(
    place,
    { name: "product.mall", client: (adapter) => new ProductClient({ adapter }), store: (db) => new ProductStore(db) },
    (database) => ({
      services: [implement(ProductServiceService, productRpc({ database }))],
      policies: productPolicies,
    }),
  );
}

/** @param product where product listens */
export function startPay(place: Place, product: string, { autoCheck = false } = {}): Promise<WithSql> {
  return databaseService(
    place,
    { name: "pay.mall", client: (adapter) => new PayClient({ adapter }), store: (db) => new PayStore(db) },
    (database) => {
      const parts = { database, product: connect(ProductServiceService, product, productFailures) };
      return {
        services: [implement(PayServiceService, payRpc(parts))],
        policies: payPolicies,
        workers: [finishChecks(parts), ...(autoCheck ? [checkAll(parts)] : [])],
      };
    },
  );
}

/** @param pay where pay listens */
export function startOrder(place: Place, pay: string): Promise<WithSql> {
  return databaseService(
    place,
    { name: "order.mall", client: (adapter) => new OrderClient({ adapter }), store: (db) => new OrderStore(db) },
    (database) => {
      const parts = { database, pay: connect(PayServiceService, pay, payFailures) };
      return {
        services: [implement(OrderServiceService, orderRpc(parts))],
        policies: orderPolicies,
        workers: [finishCancels(parts)],
      };
    },
  );
}

export function startDelivery(place: Place): Promise<WithSql> {
  return databaseService(
    place,
    {
      name: "delivery.mall",
      client: (adapter) => new DeliveryClient({ adapter }),
      store: (db) => new DeliveryStore(db),
    },
    (database) => ({
      services: [implement(DeliveryServiceService, deliveryRpc({ database }))],
      policies: deliveryPolicies,
    }),
  );
}

export function startOrderstatus({ settings = {} }: Pick<Place, "settings">): Promise<TestService> {
  const store = new OrderStatusStore();
  const services = [implement(OrderStatusServiceService, orderstatusRpc({ store }))];
  const rest = { readModel: store.rows, policies: orderstatusPolicies(store), settings };
  return testService({ name: "orderstatus.mall", services, ...rest });
}
