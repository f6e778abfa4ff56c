import { createHash } from 'node:crypto';
import { statementsOf } from '../policies/statement-document.ts';
import type { PolicySource } from '../policies/sources.ts';
import type { PolicyChange } from './operators/index.ts';

/** Returns the change without the position of its statement. */
export const changeWords = ({ text }: PolicyChange): string => text.replace(/^statement \d+: /, '');

/** Returns ids that do not depend on lines and on other statements. Equal changes of one file are numbered. */
export function changeIds(
  changes: readonly { readonly source: PolicySource; readonly change: PolicyChange }[],
): readonly string[] {
  const counts = new Map<string, number>();
  return changes.map(({ source: { file, address, kind, isFile, uses, document }, change }) => {
    const { Sid } = statementsOf(document)[change.statement] ?? {};
    const place = isFile ? [] : [uses[0]?.observation.scenario.id, uses[0]?.used.part, uses[0]?.used.owner];
    const identity = JSON.stringify([file, address, kind, place, Sid, change.operator, changeWords(change)]);
    const id = createHash('sha256').update(identity).digest('hex').slice(0, 10);
    const count = (counts.get(id) ?? 0) + 1;
    counts.set(id, count);
    return count === 1 ? id : `${id}-${count}`;
  });
}
