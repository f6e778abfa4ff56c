import { readFileSync } from 'node:fs';

export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`)
    .join('');

/** Returns the page with its tables replaced in order. */
export function withTables(page: string, tables: readonly string[]): string {
  const left = [...tables];
  return readFileSync(page, 'utf8').replace(/(?:^\|.*\n)+/gm, (old) => left.shift() ?? old);
}
