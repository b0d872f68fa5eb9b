// Every method's success and every refusal, once by gRPC and once by REST. siren.e2e.test.ts runs them on the whole system.
import { Order, OrderServiceService as order } from "#gen/proto/siren/order/v1/order.ts";
import { Product, ProductStatus, ProductServiceService as product } from "#gen/proto/siren/product/v1/product.ts";
import { ReportServiceService as report } from "#gen/proto/siren/report/v1/report.ts";
import { badPages, invalid, type MethodCase, methodCase, notFound } from "#mesh/testing/method-case.ts";

/** What the cases find in the shop. */
export interface Shop {
  /** For sale, and order knows it. */
  readonly available: bigint;
  readonly soldOut: bigint;
  /** Its price is 0. */
  readonly unpriced: bigint;
  /** An id that no product and no order has. */
  readonly nowhere: bigint;
  /** An order that was taken. */
  readonly orderId: bigint;
  /** A UUID that was used for creating a product named "Once", and one for ordering `available` for customer "once". */
  readonly usedForProduct: string;
  readonly usedForOrder: string;
}

const { PRODUCT_STATUS_AVAILABLE: AVAILABLE, PRODUCT_STATUS_SOLD_OUT: SOLD_OUT } = ProductStatus;
const available = "PRODUCT_STATUS_AVAILABLE";
const soldOut = "PRODUCT_STATUS_SOLD_OUT";
const long = "가".repeat(101);
const latte = { name: "Latte", price: 5000n, status: AVAILABLE };

const createProduct: MethodCase<Shop>[] = [
  methodCase(product.createProduct, "registers a product", () => ({ product: Product.fromPartial(latte) }), {
    rest: () => ["POST", "/v1/products", { name: "Latte", price: "5000", status: available }],
    code: "OK",
    answer: () => ({ name: "Latte", price: "5000", status: available }),
  }),
  methodCase(
    product.createProduct,
    "needs no name, and takes a price of 0",
    () => ({ product: Product.fromPartial({ status: SOLD_OUT }) }),
    {
      rest: () => ["POST", "/v1/products", { status: soldOut }],
      code: "OK",
      answer: () => ({ name: "", price: "0", status: soldOut }),
    },
  ),
  methodCase(
    product.createProduct,
    "assigns id and times itself",
    () => ({ product: Product.fromPartial({ ...latte, productId: -7n, createTime: new Date(0) }) }),
    {
      rest: () => [
        "POST",
        "/v1/products",
        { name: "Latte", price: 5000, status: available, productId: "-7", unknown: { a: [1] } },
      ],
      code: "OK",
      answer: () => ({ name: "Latte" }),
    },
  ),
  methodCase(product.createProduct, "demands a product", () => ({}), invalid("product", "REQUIRED")),
  methodCase(product.createProduct, "demands a status", () => ({ product: Product.fromPartial({ price: 1n }) }), {
    rest: () => ["POST", "/v1/products", { price: 1 }],
    ...invalid("product.status", "INVALID_ENUM"),
  }),
  methodCase(
    product.createProduct,
    "refuses an unknown status",
    () => ({ product: Product.fromPartial({ status: 99 as never }) }),
    {
      rest: () => ["POST", "/v1/products", { status: 99 }],
      ...invalid("product.status", "INVALID_ENUM"),
    },
  ),
  methodCase(
    product.createProduct,
    "refuses a negative price",
    () => ({ product: Product.fromPartial({ ...latte, price: -1n }) }),
    {
      rest: () => ["POST", "/v1/products", { price: -1, status: available }],
      ...invalid("product.price", "OUT_OF_RANGE"),
    },
  ),
  methodCase(
    product.createProduct,
    "refuses a name of 101 characters",
    () => ({ product: Product.fromPartial({ ...latte, name: long }) }),
    {
      rest: () => ["POST", "/v1/products", { name: long, status: available }],
      ...invalid("product.name", "TOO_LONG"),
    },
  ),
  methodCase(
    product.createProduct,
    "tells all violations at once",
    () => ({ product: Product.fromPartial({ name: long, price: -1n }), requestId: "no" }),
    {
      rest: () => ["POST", "/v1/products?requestId=no", { name: long, price: -1 }],
      code: "INVALID_ARGUMENT",
      reason: "INVALID_REQUEST",
      violations: [
        "product.name TOO_LONG",
        "product.price OUT_OF_RANGE",
        "product.status INVALID_ENUM",
        "request_id INVALID_REQUEST_ID",
      ],
    },
  ),
  methodCase(
    product.createProduct,
    "refuses a request_id that named another request",
    (shop) => ({ product: Product.fromPartial(latte), requestId: shop.usedForProduct }),
    {
      rest: (shop) => ["POST", `/v1/products?requestId=${shop.usedForProduct}`, { name: "Other", status: available }],
      ...invalid("request_id", "REQUEST_ID_REUSED"),
    },
  ),
];

const getProduct: MethodCase<Shop>[] = [
  methodCase(product.getProduct, "returns a product", ({ available }) => ({ productId: available }), {
    rest: (shop) => ["GET", `/v1/products/${shop.available}`],
    code: "OK",
    answer: (shop) => ({ productId: `${shop.available}`, price: "4500", status: available }),
  }),
  methodCase(product.getProduct, "knows no such product", ({ nowhere }) => ({ productId: nowhere }), {
    rest: (shop) => ["GET", `/products/${shop.nowhere}`],
    ...notFound("PRODUCT_NOT_FOUND"),
  }),
  methodCase(product.getProduct, "demands an id", () => ({}), {
    rest: () => ["GET", "/v1/products/0"],
    ...invalid("product_id", "INVALID_ID"),
  }),
  methodCase(product.getProduct, "refuses a negative id", () => ({ productId: -(2n ** 63n) }), {
    rest: () => ["GET", "/v1/products/-9223372036854775808"],
    ...invalid("product_id", "INVALID_ID"),
  }),
];

const listProducts: MethodCase<Shop>[] = [
  methodCase(product.listProducts, "lists products", () => ({ pageSize: 1 }), {
    rest: () => ["GET", "/v1/products?pageSize=1&utm_source=stray"],
    code: "OK",
    answer: () => ({ products: [{}] }),
  }),
  methodCase(product.listProducts, "lists those with a status", () => ({ status: SOLD_OUT, pageSize: 1 }), {
    rest: () => ["GET", `/products?status=${soldOut}&pageSize=1`],
    code: "OK",
    answer: () => ({ products: [{ status: soldOut }] }),
  }),
  methodCase(product.listProducts, "clamps a page of more than 1000", () => ({ pageSize: 100_000 }), {
    rest: () => ["GET", "/v1/products?pageSize=100000"],
    code: "OK",
  }),
  ...badPages(product.listProducts, "/v1/products"),
  // By REST the gateway says it: an unknown enum value in a query is no query.
  methodCase(
    product.listProducts,
    "refuses an unknown status",
    () => ({ status: 99 as never }),
    invalid("status", "INVALID_ENUM"),
  ),
];

const updateProduct: MethodCase<Shop>[] = [
  methodCase(
    product.updateProduct,
    "changes what the mask names",
    (shop) => ({
      product: Product.fromPartial({ productId: shop.unpriced, name: "Free", price: 7n }),
      updateMask: ["name"],
    }),
    {
      rest: (shop) => ["PATCH", `/v1/products/${shop.unpriced}?updateMask=name`, { name: "Free", price: 7 }],
      code: "OK",
      answer: () => ({ name: "Free", price: "0" }),
    },
  ),
  methodCase(
    product.updateProduct,
    "changes every populated field without a mask",
    (shop) => ({ product: Product.fromPartial({ productId: shop.soldOut, price: 6500n }) }),
    {
      rest: (shop) => ["PATCH", `/products/${shop.soldOut}`, { price: 6500 }],
      code: "OK",
      answer: () => ({ name: "Einspänner", price: "6500", status: soldOut }),
    },
  ),
  methodCase(
    product.updateProduct,
    "knows no such product",
    (shop) => ({ product: Product.fromPartial({ productId: shop.nowhere, price: 1n }) }),
    {
      rest: (shop) => ["PATCH", `/v1/products/${shop.nowhere}`, { price: 1 }],
      ...notFound("PRODUCT_NOT_FOUND"),
    },
  ),
  methodCase(product.updateProduct, "demands an id", () => ({ product: Product.fromPartial({ price: 1n }) }), {
    rest: () => ["PATCH", "/v1/products/0", { price: 1 }],
    ...invalid("product.product_id", "INVALID_ID"),
  }),
  methodCase(product.updateProduct, "demands a product", () => ({}), invalid("product", "REQUIRED")),
  methodCase(
    product.updateProduct,
    "refuses a negative price",
    (shop) => ({ product: Product.fromPartial({ productId: shop.available, price: -1n }), updateMask: ["price"] }),
    {
      rest: (shop) => ["PATCH", `/v1/products/${shop.available}?updateMask=price`, { price: -1 }],
      ...invalid("product.price", "OUT_OF_RANGE"),
    },
  ),
  methodCase(
    product.updateProduct,
    "refuses to take the status away",
    (shop) => ({ product: Product.fromPartial({ productId: shop.available }), updateMask: ["status"] }),
    {
      rest: (shop) => ["PATCH", `/v1/products/${shop.available}?updateMask=status`, { price: 1 }],
      ...invalid("product.status", "INVALID_ENUM"),
    },
  ),
  ...["product_id", "create_time"].map((path) =>
    methodCase(
      product.updateProduct,
      `refuses to change ${path}`,
      (shop: Shop) => ({ product: Product.fromPartial({ productId: shop.available }), updateMask: [path] }),
      {
        rest: (shop) => ["PATCH", `/v1/products/${shop.available}?updateMask=${path}`, { price: 1 }],
        ...invalid("update_mask", "IMMUTABLE_FIELD"),
      },
    ),
  ),
  methodCase(
    product.updateProduct,
    "refuses a mask that names no field",
    (shop) => ({ product: Product.fromPartial({ productId: shop.available }), updateMask: ["prize"] }),
    {
      rest: (shop) => ["PATCH", `/v1/products/${shop.available}?updateMask=prize`, { price: 1 }],
      ...invalid("update_mask", "INVALID_FIELD_MASK"),
    },
  ),
  methodCase(
    product.updateProduct,
    "refuses a request_id that is no UUID",
    (shop) => ({ product: Product.fromPartial({ productId: shop.available, price: 4500n }), requestId: "1" }),
    {
      rest: (shop) => ["PATCH", `/v1/products/${shop.available}?requestId=1`, { price: 4500 }],
      ...invalid("request_id", "INVALID_REQUEST_ID"),
    },
  ),
];

const checkProduct: MethodCase<Shop>[] = [
  methodCase(product.checkProduct, "tells price and status", (shop) => ({ productId: shop.available }), {
    rest: (shop) => ["GET", `/v1/products/${shop.available}:check`],
    code: "OK",
    answer: (shop) => ({ productId: `${shop.available}`, price: "4500", status: available }),
  }),
  methodCase(
    product.checkProduct,
    "tells a price of 0 for what is not for sale",
    (shop) => ({ productId: shop.unpriced }),
    {
      rest: (shop) => ["GET", `/v1/products/${shop.unpriced}:check`],
      code: "OK",
      answer: () => ({ price: "0" }),
    },
  ),
  methodCase(product.checkProduct, "knows no such product", (shop) => ({ productId: shop.nowhere }), {
    rest: (shop) => ["GET", `/v1/products/${shop.nowhere}:check`],
    ...notFound("PRODUCT_NOT_FOUND"),
  }),
  methodCase(product.checkProduct, "demands an id", () => ({}), {
    rest: () => ["GET", "/v1/products/0:check"],
    ...invalid("product_id", "INVALID_ID"),
  }),
];

const createOrder: MethodCase<Shop>[] = [
  methodCase(
    order.createOrder,
    "takes an order at the price of the product",
    (shop) => ({ order: Order.fromPartial({ productId: shop.available, customerId: "kim" }) }),
    {
      rest: (shop) => ["POST", "/v1/orders", { productId: `${shop.available}`, customerId: "kim" }],
      code: "OK",
      answer: (shop) => ({
        productId: `${shop.available}`,
        price: "4500",
        status: "ORDER_STATUS_ORDERED",
        customerId: "kim",
      }),
    },
  ),
  methodCase(
    order.createOrder,
    "takes no price from the customer",
    (shop) => ({ order: Order.fromPartial({ productId: shop.available, price: 1n }) }),
    {
      rest: (shop) => ["POST", "/orders", { product_id: `${shop.available}`, price: "1" }],
      code: "OK",
      answer: () => ({ price: "4500", customerId: "" }),
    },
  ),
  methodCase(
    order.createOrder,
    "knows no such product",
    (shop) => ({ order: Order.fromPartial({ productId: shop.nowhere }) }),
    {
      rest: (shop) => ["POST", "/v1/orders", { productId: `${shop.nowhere}` }],
      ...notFound("PRODUCT_NOT_FOUND"),
    },
  ),
  methodCase(
    order.createOrder,
    "refuses what is sold out",
    (shop) => ({ order: Order.fromPartial({ productId: shop.soldOut }) }),
    {
      rest: (shop) => ["POST", "/v1/orders", { productId: `${shop.soldOut}` }],
      code: "FAILED_PRECONDITION",
      reason: "PRODUCT_SOLD_OUT",
      details: ["PreconditionFailure"],
    },
  ),
  methodCase(
    order.createOrder,
    "refuses what has no price",
    (shop) => ({ order: Order.fromPartial({ productId: shop.unpriced }) }),
    {
      rest: (shop) => ["POST", "/v1/orders", { productId: `${shop.unpriced}` }],
      code: "FAILED_PRECONDITION",
      reason: "PRODUCT_NOT_FOR_SALE",
      details: ["PreconditionFailure"],
    },
  ),
  methodCase(order.createOrder, "demands an order", () => ({}), invalid("order", "REQUIRED")),
  methodCase(order.createOrder, "demands a product's id", () => ({ order: Order.fromPartial({}) }), {
    rest: () => ["POST", "/v1/orders", {}],
    ...invalid("order.product_id", "INVALID_ID"),
  }),
  methodCase(
    order.createOrder,
    "refuses a customer of 256 characters",
    (shop) => ({ order: Order.fromPartial({ productId: shop.available, customerId: "k".repeat(256) }) }),
    {
      rest: (shop) => ["POST", "/v1/orders", { productId: `${shop.available}`, customerId: "k".repeat(256) }],
      ...invalid("order.customer_id", "TOO_LONG"),
    },
  ),
  methodCase(
    order.createOrder,
    "refuses a request_id that is no UUID",
    (shop) => ({ order: Order.fromPartial({ productId: shop.available }), requestId: "first" }),
    {
      rest: (shop) => ["POST", "/v1/orders?requestId=first", { productId: `${shop.available}` }],
      ...invalid("request_id", "INVALID_REQUEST_ID"),
    },
  ),
  methodCase(
    order.createOrder,
    "refuses a request_id that named another request",
    (shop) => ({ order: Order.fromPartial({ productId: shop.soldOut }), requestId: shop.usedForOrder }),
    {
      rest: (shop) => ["POST", `/v1/orders?requestId=${shop.usedForOrder}`, { productId: `${shop.soldOut}` }],
      ...invalid("request_id", "REQUEST_ID_REUSED"),
    },
  ),
];

const readOrders: MethodCase<Shop>[] = [
  methodCase(order.getOrder, "returns an order", (shop) => ({ orderId: shop.orderId }), {
    rest: (shop) => ["GET", `/v1/orders/${shop.orderId}`],
    code: "OK",
    answer: (shop) => ({ orderId: `${shop.orderId}`, productId: `${shop.available}`, customerId: "once" }),
  }),
  methodCase(order.getOrder, "knows no such order", (shop) => ({ orderId: shop.nowhere }), {
    rest: (shop) => ["GET", `/orders/${shop.nowhere}`],
    ...notFound("ORDER_NOT_FOUND"),
  }),
  methodCase(order.getOrder, "demands an id", () => ({}), {
    rest: () => ["GET", "/v1/orders/0"],
    ...invalid("order_id", "INVALID_ID"),
  }),
  methodCase(order.listOrders, "lists a customer's orders", () => ({ customerId: "once" }), {
    rest: () => ["GET", "/v1/orders?customerId=once"],
    code: "OK",
    answer: (shop) => ({ orders: [{ orderId: `${shop.orderId}` }] }),
  }),
  methodCase(
    order.listOrders,
    "lists a product's orders, of which there may be none",
    (shop) => ({ productId: shop.nowhere }),
    {
      rest: (shop) => ["GET", `/orders?productId=${shop.nowhere}`],
      code: "OK",
      answer: () => ({ orders: [], nextPageToken: "" }),
    },
  ),
  methodCase(order.listOrders, "refuses a negative product", () => ({ productId: -1n }), {
    rest: () => ["GET", "/v1/orders?productId=-1"],
    ...invalid("product_id", "OUT_OF_RANGE"),
  }),
  ...badPages(order.listOrders, "/v1/orders"),
];

const readSnapshots: MethodCase<Shop>[] = [
  methodCase(order.getProductSnapshot, "returns the copy of a product", (shop) => ({ productId: shop.available }), {
    rest: (shop) => ["GET", `/v1/productSnapshots/${shop.available}`],
    code: "OK",
    answer: (shop) => ({ productId: `${shop.available}`, status: available }),
  }),
  methodCase(order.getProductSnapshot, "has heard of no such product", (shop) => ({ productId: shop.nowhere }), {
    rest: (shop) => ["GET", `/v1/productSnapshots/${shop.nowhere}`],
    ...notFound("PRODUCT_SNAPSHOT_NOT_FOUND"),
  }),
  methodCase(order.getProductSnapshot, "demands an id", () => ({}), {
    rest: () => ["GET", "/v1/productSnapshots/0"],
    ...invalid("product_id", "INVALID_ID"),
  }),
  methodCase(order.listProductSnapshots, "lists the copies with a status", () => ({ status: SOLD_OUT, pageSize: 1 }), {
    rest: () => ["GET", `/v1/productSnapshots?status=${soldOut}&pageSize=1`],
    code: "OK",
    answer: () => ({ productSnapshots: [{ status: soldOut }] }),
  }),
  ...badPages(order.listProductSnapshots, "/v1/productSnapshots"),
];

const readReports: MethodCase<Shop>[] = [
  methodCase(report.getReport, "returns the line of a product", (shop) => ({ productId: shop.available }), {
    rest: (shop) => ["GET", `/v1/reports/${shop.available}`],
    code: "OK",
    answer: (shop) => ({ productId: `${shop.available}`, name: "Americano", price: "4500", status: available }),
  }),
  methodCase(report.getReport, "has heard of no such product", (shop) => ({ productId: shop.nowhere }), {
    rest: (shop) => ["GET", `/v1/reports/${shop.nowhere}`],
    ...notFound("REPORT_NOT_FOUND"),
  }),
  methodCase(report.getReport, "demands an id", () => ({}), {
    rest: () => ["GET", "/v1/reports/0"],
    ...invalid("product_id", "INVALID_ID"),
  }),
  methodCase(
    report.listReports,
    "lists the lines with a status, under the greeting",
    () => ({ status: SOLD_OUT, pageSize: 1 }),
    {
      rest: () => ["GET", `/reports?status=${soldOut}&pageSize=1`],
      code: "OK",
      answer: () => ({ reports: [{ status: soldOut }], greeting: "Welcome" }),
    },
  ),
  ...badPages(report.listReports, "/v1/reports"),
];

export const methodCases: readonly MethodCase<Shop>[] = [
  ...createProduct,
  ...getProduct,
  ...listProducts,
  ...updateProduct,
  ...checkProduct,
  ...createOrder,
  ...readOrders,
  ...readSnapshots,
  ...readReports,
];
