// Tword's services inside a test's process, on a PostgreSQL and a NATS of the test, without proxies between them.
import { PrismaClient as DeliveryClient } from "#gen/prisma/tword/delivery/client.ts";
import { PrismaClient as MessageClient } from "#gen/prisma/tword/message/client.ts";
import { PrismaClient as OrderClient } from "#gen/prisma/tword/order/client.ts";
import { PrismaClient as ShopClient } from "#gen/prisma/tword/shop/client.ts";
import { DeliveryServiceService } from "#gen/proto/tword/delivery/v1/delivery.ts";
import { MessageServiceService } from "#gen/proto/tword/message/v1/message.ts";
import { MypageServiceService } from "#gen/proto/tword/mypage/v1/mypage.ts";
import { OrderServiceService } from "#gen/proto/tword/order/v1/order.ts";
import { ShopServiceService } from "#gen/proto/tword/shop/v1/shop.ts";
import { connect } from "#mesh/service/client.ts";
import { implement } from "#mesh/service/handler.ts";
import { databaseService, type Place, type WithSql } from "#mesh/testing/placed-service.ts";
import { type TestService, testService } from "#mesh/testing/test-service.ts";
import { policies as deliveryPolicies } from "./delivery/policies.ts";
import { rpc as deliveryRpc } from "./delivery/rpc.ts";
import { DeliveryStore } from "./delivery/store.ts";
import { policies as messagePolicies } from "./message/policies.ts";
import { rpc as messageRpc } from "./message/rpc.ts";
import { MessageStore } from "./message/store.ts";
import { policies as mypagePolicies } from "./mypage/policies.ts";
import { rpc as mypageRpc } from "./mypage/rpc.ts";
import { MypageStore } from "./mypage/store.ts";
import { deliveryFailures } from "./order/errors.ts";
import { policies as orderPolicies } from "./order/policies.ts";
import { finishOrders } from "./order/recovery.ts";
import { rpc as orderRpc } from "./order/rpc.ts";
import { OrderStore } from "./order/store.ts";
import { policies as shopPolicies } from "./shop/policies.ts";
import { rpc as shopRpc } from "./shop/rpc.ts";
import { ShopStore } from "./shop/store.ts";

export type { WithSql };

export function startShop(place: Place): Promise<WithSql> {
  return databaseService(
    place,
    { name: "shop.tword", client: (adapter) => new ShopClient({ adapter }), store: (db) => new ShopStore(db) },
    (database) => ({ services: [implement(ShopServiceService, shopRpc({ database }))], policies: shopPolicies }),
  );
}

/** @param delivery where delivery listens */
export function startOrder(place: Place, delivery: string, limit = 10): Promise<WithSql> {
  return databaseService(
    place,
    { name: "order.tword", client: (adapter) => new OrderClient({ adapter }), store: (db) => new OrderStore(db) },
    (database) => {
      const parts = { database, delivery: connect(DeliveryServiceService, delivery, deliveryFailures) };
      return {
        services: [implement(OrderServiceService, orderRpc({ ...parts, limit }))],
        policies: orderPolicies,
        workers: [finishOrders(parts)],
      };
    },
  );
}

export function startDelivery(place: Place): Promise<WithSql> {
  return databaseService(
    place,
    {
      name: "delivery.tword",
      client: (adapter) => new DeliveryClient({ adapter }),
      store: (db) => new DeliveryStore(db),
    },
    (database) => ({
      services: [implement(DeliveryServiceService, deliveryRpc({ database }))],
      policies: deliveryPolicies,
    }),
  );
}

export function startMessage(place: Place): Promise<WithSql> {
  return databaseService(
    place,
    { name: "message.tword", client: (adapter) => new MessageClient({ adapter }), store: (db) => new MessageStore(db) },
    (database) => ({
      services: [implement(MessageServiceService, messageRpc({ database }))],
      policies: messagePolicies,
    }),
  );
}

export function startMypage({ settings = {} }: Pick<Place, "settings">): Promise<TestService> {
  const store = new MypageStore();
  const services = [implement(MypageServiceService, mypageRpc({ store }))];
  const rest = { readModel: store.rows, policies: mypagePolicies(store), settings };
  return testService({ name: "mypage.tword", services, ...rest });
}
