import type { Finding } from '../judge/report-schema.ts';

/** Returns the whole new policy as lines, with `+` before new ones, and with `-` before the old ones that it replaces. */
export function diffOf({ before, after }: NonNullable<Finding['change']>): readonly string[] {
  const [old, fresh] = [linesOf(before), linesOf(after)];
  const same = (a: number, b: number): boolean => old.at(a) === fresh.at(b);
  let [start, end] = [0, 0];
  const shorter = Math.min(old.length, fresh.length);
  while (start < shorter && same(start, start)) start += 1;
  while (end < shorter - start && same(-1 - end, -1 - end)) end += 1;
  const marked = (lines: readonly string[], mark: string): readonly string[] => lines.map((line) => `${mark} ${line}`);
  return [
    ...marked(fresh.slice(0, start), ' '),
    ...marked(old.slice(start, old.length - end), '-'),
    ...marked(fresh.slice(start, fresh.length - end), '+'),
    ...marked(fresh.slice(fresh.length - end), ' '),
  ];
}

const linesOf = (json: string): readonly string[] => JSON.stringify(JSON.parse(json), undefined, 2).split('\n');
