import type { DemandingRest } from "#mesh/local/demanding-rest.ts";

/** Every row of a list, page by page. @param field of the answer: `listAll(api, "/v1/orders?customerId=kim", "orders")` */
export async function listAll<Row>(api: DemandingRest, path: string, field: string): Promise<Row[]> {
  const rows: Row[] = [];
  let token = "";
  do {
    const separator = path.includes("?") ? "&" : "?";
    const page = await api.get<Record<string, unknown>>(`${path}${separator}pageSize=1000&pageToken=${token}`);
    rows.push(...((page[field] ?? []) as Row[]));
    token = String(page["nextPageToken"] ?? "");
  } while (token !== "");
  return rows;
}
