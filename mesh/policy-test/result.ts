/** How one test ended. */
export interface TestResult {
  /** The suite's name and its file. */
  suite: string;
  file: string;
  line: number;
  name: string;
  /** One line for each expectation that was not met; empty when the test passed. */
  failures: string[];
  tookMs: number;
}

export function passed({ failures }: TestResult): boolean {
  return failures.length === 0;
}
