// Siren's services inside a test's process, on a PostgreSQL and a NATS of the test, without proxies between them.
import { PrismaClient as OrderClient } from "#gen/prisma/siren/order/client.ts";
import { PrismaClient as ProductClient } from "#gen/prisma/siren/product/client.ts";
import { PrismaClient as ReportClient } from "#gen/prisma/siren/report/client.ts";
import { OrderServiceService } from "#gen/proto/siren/order/v1/order.ts";
import { ProductServiceService } from "#gen/proto/siren/product/v1/product.ts";
import { ReportServiceService } from "#gen/proto/siren/report/v1/report.ts";
import { connect } from "#mesh/service/client.ts";
import { implement } from "#mesh/service/handler.ts";
import { databaseService, type Place, type WithSql } from "#mesh/testing/placed-service.ts";
import { productFailures } from "./order/errors.ts";
import { policies as orderPolicies } from "./order/policies.ts";
import { rpc as orderRpc } from "./order/rpc.ts";
import { OrderStore } from "./order/store.ts";
import { policies as productPolicies } from "./product/policies.ts";
import { rpc as productRpc } from "./product/rpc.ts";
import { ProductStore } from "./product/store.ts";
import { policies as reportPolicies } from "./report/policies.ts";
import { rpc as reportRpc } from "./report/rpc.ts";
import { ReportStore } from "./report/store.ts";

export type { WithSql };

export function startProduct(place: Place): Promise<WithSql> {
  return databaseService(
    place,
    { name: "product.siren", client: (adapter) => new ProductClient({ adapter }), store: (db) => new ProductStore(db) },
    (database) => ({
      services: [implement(ProductServiceService, productRpc({ database }))],
      policies: productPolicies,
    }),
  );
}

/** @param product where product listens */
export function startOrder(place: Place, product: string): Promise<WithSql> {
  return databaseService(
    place,
    { name: "order.siren", client: (adapter) => new OrderClient({ adapter }), store: (db) => new OrderStore(db) },
    (database) => {
      const parts = { database, product: connect(ProductServiceService, product, productFailures) };
      return { services: [implement(OrderServiceService, orderRpc(parts))], policies: orderPolicies };
    },
  );
}

export function startReport(place: Place): Promise<WithSql> {
  return databaseService(
    place,
    { name: "report.siren", client: (adapter) => new ReportClient({ adapter }), store: (db) => new ReportStore(db) },
    (database) => ({
      services: [implement(ReportServiceService, reportRpc({ database, greeting: "" }))],
      policies: reportPolicies,
    }),
  );
}
