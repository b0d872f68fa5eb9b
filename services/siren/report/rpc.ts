import type { Report as ReportMessage, ReportServiceService } from "#gen/proto/siren/report/v1/report.ts";
import type { Database } from "#mesh/service/database.ts";
import type { Handlers } from "#mesh/service/handler.ts";
import { pageById } from "#mesh/service/pagination.ts";
import type { Report } from "./domain.ts";
import { refuse } from "./errors.ts";
import type { ReportStore } from "./store.ts";

export interface Parts {
  readonly database: Database<ReportStore>;
  /** Shown above the report. */
  readonly greeting: string;
}

export function rpc({ database, greeting }: Parts): Handlers<typeof ReportServiceService> {
  return {
    async getReport({ productId }) {
      const report = await database.store.find(productId);
      if (!report) throw refuse.REPORT_NOT_FOUND({ productId });
      return toMessage(report);
    },

    async listReports(request) {
      const { rows, nextPageToken } = await pageById(
        request,
        { filter: [request.status] },
        (before, size) => database.store.page(request.status, before, size),
        (report) => report.productId,
      );
      return { reports: rows.map(toMessage), nextPageToken, greeting };
    },
  };
}

function toMessage({ version: _internal, ...report }: Report): ReportMessage {
  return report;
}
