// Tword's services inside a test's process, on a PostgreSQL and a NATS of the test, without proxies between them.
import { join } from "node:path";
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
import { openDatabase } from "#mesh/service/database.ts";
import { implement } from "#mesh/service/handler.ts";
import { type Place, placedService, type WithSql } from "#mesh/testing/placed-service.ts";
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
  const store = (db: ConstructorParameters<typeof ShopStore>[0]) => new ShopStore(db);
  const client = (adapter: Adapter) => new ShopClient({ adapter });
  const database = openDatabase({ client, store, migrations: migrationsOf("shop"), url: place.url });
  const services = [implement(ShopServiceService, shopRpc({ database }))];
  return placedService(place, { name: "shop.tword", services, database, policies: shopPolicies });
}

/** @param delivery where delivery listens */
export function startOrder(place: Place, delivery: string, limit = 10): Promise<WithSql> {
  const store = (db: ConstructorParameters<typeof OrderStore>[0]) => new OrderStore(db);
  const client = (adapter: Adapter) => new OrderClient({ adapter });
  const database = openDatabase({ client, store, migrations: migrationsOf("order"), url: place.url });
  const parts = { database, delivery: connect(DeliveryServiceService, delivery, deliveryFailures) };
  const services = [implement(OrderServiceService, orderRpc({ ...parts, limit }))];
  const workers = [finishOrders(parts)];
  return placedService(place, { name: "order.tword", services, database, policies: orderPolicies, workers });
}

export function startDelivery(place: Place): Promise<WithSql> {
  const store = (db: ConstructorParameters<typeof DeliveryStore>[0]) => new DeliveryStore(db);
  const client = (adapter: Adapter) => new DeliveryClient({ adapter });
  const database = openDatabase({ client, store, migrations: migrationsOf("delivery"), url: place.url });
  const services = [implement(DeliveryServiceService, deliveryRpc({ database }))];
  return placedService(place, { name: "delivery.tword", services, database, policies: deliveryPolicies });
}

export function startMessage(place: Place): Promise<WithSql> {
  const store = (db: ConstructorParameters<typeof MessageStore>[0]) => new MessageStore(db);
  const client = (adapter: Adapter) => new MessageClient({ adapter });
  const database = openDatabase({ client, store, migrations: migrationsOf("message"), url: place.url });
  const services = [implement(MessageServiceService, messageRpc({ database }))];
  return placedService(place, { name: "message.tword", services, database, policies: messagePolicies });
}

export function startMypage({ settings = {} }: Pick<Place, "settings">): Promise<TestService> {
  const store = new MypageStore();
  const services = [implement(MypageServiceService, mypageRpc({ store }))];
  const rest = { readModel: store.rows, policies: mypagePolicies(store), settings };
  return testService({ name: "mypage.tword", services, ...rest });
}

type Adapter = NonNullable<ConstructorParameters<typeof ShopClient>[0]["adapter"]>;

function migrationsOf(service: string): string {
  return join(import.meta.dirname, service, "migrations");
}
