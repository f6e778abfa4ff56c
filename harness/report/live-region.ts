import type { Output } from './reporter.ts';

/**
 * Lines at the end of what a terminal shows that are drawn anew again and again. Between drawings the cursor stands where they begin:
 * whoever prints clears them first, by `CLEAR`.
 */
export class LiveRegion {
  readonly #stream: Output;
  #isShown = false;

  constructor(stream: Output) {
    this.#stream = stream;
  }

  /** Shows lines in place of those before; each is cut so that it takes one row. */
  draw(lines: readonly string[]): void {
    const width = Math.max((this.#stream.columns || 80) - 1, 1);
    const rows = lines.map((line) => line.slice(0, width));
    const up = rows.length > 1 ? `\u001b[${rows.length - 1}A` : '';
    this.#stream.write(`${CLEAR}${rows.join('\n')}\r${up}`);
    this.#isShown = true;
  }

  clear(): void {
    if (this.#isShown) this.#stream.write(CLEAR);
    this.#isShown = false;
  }
}

/** Clears all from the row of the cursor on. */
export const CLEAR = '\r\u001b[J';

/** `[#####.....]`: how much of a whole is done, in so many columns. */
export function bar(done: number, whole: number, columns: number): string {
  const full = whole === 0 ? columns : Math.floor((done / whole) * columns);
  return `[${'#'.repeat(full)}${'.'.repeat(columns - full)}]`;
}
