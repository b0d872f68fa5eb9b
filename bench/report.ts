/** One figure, and what it must reach. */
export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly bound?: { readonly kind: "at most" | "at least"; readonly value: number };
}

export function row(
  name: string,
  value: number,
  options: { readonly unit: string; readonly mustBeAtMost?: number; readonly mustBeAtLeast?: number },
): Row {
  const { unit, mustBeAtMost, mustBeAtLeast } = options;
  if (mustBeAtMost !== undefined) return { name, value, unit, bound: { kind: "at most", value: mustBeAtMost } };
  if (mustBeAtLeast !== undefined) return { name, value, unit, bound: { kind: "at least", value: mustBeAtLeast } };
  return { name, value, unit };
}

/** Whether a figure is within its bound; one without a bound always is, one that is not a number never. */
export function isMet({ value, bound }: Row): boolean {
  if (!bound) return true;
  return bound.kind === "at most" ? value <= bound.value : value >= bound.value;
}

export function print(title: string, rows: readonly Row[]): void {
  console.log(`\n${title}`);
  for (const each of rows) {
    const { name, value, unit, bound } = each;
    const verdict = bound ? `must be ${bound.kind} ${bound.value}${isMet(each) ? "" : "   MISSED"}` : "";
    console.log(`  ${name.padEnd(46)} ${format(value).padStart(10)} ${unit.padEnd(10)} ${verdict}`.trimEnd());
  }
}

function format(value: number): string {
  if (Number.isInteger(value) || value >= 1000) return value.toFixed(0);
  return value.toFixed(value >= 100 ? 1 : 2);
}
