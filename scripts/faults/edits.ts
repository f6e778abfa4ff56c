import type { Replacement } from './definitions.ts';

export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

/** Locates a replacement, ignoring indentation. Throws an Error unless the original occurs once. */
export function editOf(text: string, { original, replacement }: Replacement): Edit {
  const lines = original.trim().split('\n');
  const pattern = lines.map((line) => line.trim().replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('[ \\t]*\\n[ \\t]*');
  const [match, ...more] = text.matchAll(new RegExp(pattern, 'g'));
  if (match === undefined) throw new Error(`the original does not occur: ${JSON.stringify(original)}`);
  if (more.length > 0)
    throw new Error(
      `the original occurs ${more.length + 1} times, so include more of the surrounding code: ${original}`,
    );
  return { start: match.index, end: match.index + match[0].length, replacement: replacement.trim() };
}

export const growth = (edits: readonly Edit[]): number =>
  edits.reduce((sum, { start, end, replacement }) => sum + replacement.length - (end - start), 0);

/** Throws an Error for overlapping edits. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  const sorted = [...edits].sort((one, other) => one.start - other.start);
  const parts: string[] = [];
  let at = 0;
  for (const { start, end, replacement } of sorted) {
    if (start < at) throw new Error('two replacements overlap, so merge them');
    parts.push(text.slice(at, start), replacement);
    at = end;
  }
  return parts.join('') + text.slice(at);
}
