interface Kept<Row> {
  readonly row: Row;
  readonly revision: number;
}

/** Rows in memory, by id, that can be paged from the highest id down. */
export class RowsById<Row> {
  readonly #rows = new Map<bigint, Kept<Row>>();
  /** Ascending. */
  #ids: bigint[] = [];

  get(id: bigint): Row | undefined {
    return this.#rows.get(id)?.row;
  }

  /** Keeps a row, unless a newer revision of it is kept already. */
  set(id: bigint, row: Row, revision: number): void {
    const known = this.#rows.get(id);
    if (known && known.revision >= revision) return;
    this.#rows.set(id, { row, revision });
    if (!known) this.#ids.splice(this.#positionOf(id), 0, id);
  }

  clear(): void {
    this.#rows.clear();
    this.#ids = [];
  }

  /** At most `take` rows with an id below `before` (undefined: from the highest) that match. */
  page(before: bigint | undefined, take: number, matches: (row: Row) => boolean): Row[] {
    const found: Row[] = [];
    const end = before === undefined ? this.#ids.length : this.#positionOf(before);
    for (let index = end - 1; index >= 0 && found.length < take; index -= 1) {
      const id = this.#ids[index];
      const row = id === undefined ? undefined : this.get(id);
      if (row !== undefined && matches(row)) found.push(row);
    }
    return found;
  }

  /** The index of the first id that is not below this one. Ids mostly grow, so the end is looked at first. */
  #positionOf(id: bigint): number {
    let low = 0;
    let high = this.#ids.length;
    if (high === 0 || (this.#ids[high - 1] ?? 0n) < id) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ids[middle] ?? 0n) < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
