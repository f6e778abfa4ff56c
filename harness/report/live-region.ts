import type { Output } from './reporter.ts';

/** Lines that are redrawn at the end of a terminal. The cursor stays at their start, so print `CLEAR` before other text. */
export class LiveRegion {
  readonly #stream: Output;
  #isShown = false;

  constructor(stream: Output) {
    this.#stream = stream;
  }

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

export const CLEAR = '\r\u001b[J';

/** Returns a progress bar such as `[#####.....]`. */
export function bar(done: number, whole: number, columns: number): string {
  const full = whole === 0 ? columns : Math.floor((done / whole) * columns);
  return `[${'#'.repeat(full)}${'.'.repeat(columns - full)}]`;
}
