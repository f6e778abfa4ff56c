import { readFileSync } from 'node:fs';
import { format } from 'prettier';

export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`)
    .join('');

export function withTables(page: string, tables: readonly string[]): Promise<string> {
  const left = [...tables];
  const text = readFileSync(page, 'utf8').replace(/(?:^\|.*\n)+/gm, (old) => left.shift() ?? old);
  return format(text, { filepath: page, printWidth: 120 });
}
