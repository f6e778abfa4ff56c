/** Returns a Markdown table whose cells show their texts literally. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(plain).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Escapes a text so that Markdown shows it literally, on one line. */
export const plain = (text: string): string =>
  text
    .replaceAll(/[\s\u0000-\u001f\u007f-\u009f]+/g, ' ')
    .trim()
    .replaceAll(/[\\`*_{}[\]<>#|~&]/g, '\\$&');
