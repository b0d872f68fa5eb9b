import { expect } from "vitest";
import type { GrpcAnswer } from "./grpc-caller.ts";

/** The page that a list's request asks for. */
export interface PageRequest {
  readonly pageSize?: number;
  readonly pageToken?: string;
}

/**
 * Expects a list of three rows to come as two and one, and its page token to be refused with another filter.
 *
 * @param list calls the method
 * @param idsOf the ids of a page's rows
 * @param expected the rows' ids in order, their filter, and another one
 */
export async function expectPages<Filter, Page extends { readonly nextPageToken: string }>(
  list: (filter: Filter, page: PageRequest) => Promise<GrpcAnswer<Page>>,
  idsOf: (page: Page) => unknown[],
  { ids, filter, other }: { readonly ids: readonly unknown[]; readonly filter: Filter; readonly other: Filter },
): Promise<void> {
  const first = (await list(filter, { pageSize: 2 })).response;
  const pageToken = first?.nextPageToken ?? "";
  const second = (await list(filter, { pageSize: 2, pageToken })).response;
  expect([first, second].map((page) => page && idsOf(page))).toEqual([ids.slice(0, 2), ids.slice(2)]);
  expect(second?.nextPageToken).toBe("");
  expect(await list(other, { pageToken })).toMatchObject({ reason: "INVALID_PAGE_TOKEN" });
}
