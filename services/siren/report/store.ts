import type { Prisma, Report as Row } from "#gen/prisma/siren/report/client.ts";
import { ProductStatus } from "#gen/proto/siren/product/v1/product.ts";
import { enumColumn } from "#mesh/service/enum-column.ts";
import type { Report } from "./domain.ts";

const productStatus = enumColumn(ProductStatus, "PRODUCT_STATUS");

/** The report's lines, newest product first. */
export class ReportStore {
  readonly #db: Prisma.TransactionClient;

  constructor(db: Prisma.TransactionClient) {
    this.#db = db;
  }

  async find(productId: bigint): Promise<Report | undefined> {
    const row = await this.#db.report.findUnique({ where: { productId } });
    return row ? toReport(row) : undefined;
  }

  /** Makes other transactions about the same product wait, also when it has no line yet. */
  async lock(productId: bigint): Promise<void> {
    await this.#db.$executeRaw`SELECT pg_advisory_xact_lock(${productId})`;
  }

  async save(report: Report): Promise<void> {
    const row = {
      ...report,
      status: productStatus.toColumn(report.status),
      registeredTime: report.registeredTime ?? null,
    };
    await this.#db.report.upsert({ where: { productId: row.productId }, create: row, update: row });
  }

  /** At most `take` lines of products older than `before`, of one status or, for UNSPECIFIED, of any. */
  async page(status: ProductStatus, before: bigint | undefined, take: number): Promise<Report[]> {
    const where: Prisma.ReportWhereInput = {};
    if (status !== ProductStatus.PRODUCT_STATUS_UNSPECIFIED) where.status = productStatus.toColumn(status);
    if (before !== undefined) where.productId = { lt: before };
    const rows = await this.#db.report.findMany({ where, orderBy: { productId: "desc" }, take });
    return rows.map(toReport);
  }
}

function toReport(row: Row): Report {
  return {
    ...row,
    status: productStatus.fromColumn(row.status),
    registeredTime: row.registeredTime ?? undefined,
  };
}
