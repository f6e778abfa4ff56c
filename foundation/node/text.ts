/** Returns `1 scenario` or `2 scenarios`. `plural`: for irregular nouns. */
export const counted = (count: number, noun: string, plural = `${noun}s`): string =>
  `${count} ${count === 1 ? noun : plural}`;

export const clip = (text: string, most = 300): string => (text.length > most ? `${text.slice(0, most - 3)}...` : text);

export type Paint = (text: string, code: number) => string;

/** Colors texts with codes of Select Graphic Rendition (ECMA-48), or leaves them as they are. */
export const painter =
  (color: boolean): Paint =>
  (text, code) =>
    color ? `\u001b[${code}m${text}\u001b[0m` : text;

const COLOR = /\u001b\[[0-9;]*m/g;

/** Wraps a line between words at `width` columns, if defined. Later lines are indented by `indent` more columns. */
export function wrap(line: string, width: number | undefined, indent = 0): string {
  if (width === undefined || columns(line) <= width) return line;
  const [margin = ''] = /^ */.exec(line) ?? [];
  const further = ' '.repeat(margin.length + indent);
  const lines: string[] = [];
  let current = margin;
  let isEmpty = true;
  for (const word of line.slice(margin.length).split(' ')) {
    if (!isEmpty && columns(current) + 1 + columns(word) > width) {
      lines.push(current);
      current = further + word;
    } else current += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, current].join('\n');
}

/** Returns the columns of the terminal, or `COLUMNS`; undefined if neither is known. */
export function widthOf(
  stream: { readonly isTTY?: boolean; readonly columns?: number },
  environment: Readonly<Record<string, string | undefined>>,
): number | undefined {
  const width = stream.isTTY === true && stream.columns ? stream.columns : Number(environment['COLUMNS']);
  return width >= 20 ? width : undefined;
}

const columns = (text: string): number => text.replace(COLOR, '').length;

/** Whether to use color, by `--no-color`, `NO_COLOR`, `FORCE_COLOR`, `TERM=dumb` and terminal (no-color.org). */
export function wantsColor(
  stream: { readonly isTTY?: boolean },
  noColor: boolean,
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  if (noColor || (environment['NO_COLOR'] ?? '') !== '') return false;
  if ((environment['FORCE_COLOR'] ?? '') !== '' && environment['FORCE_COLOR'] !== '0') return true;
  return stream.isTTY === true && environment['TERM'] !== 'dumb';
}

/** Returns a pattern that matches only this text. */
export const escapePattern = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
