import { badFlagValue } from '../../foundation/node/errors.ts';
import type { Conflict, OptionSpec, OptionValues } from '../../foundation/node/options.ts';
import { variableOf } from './read-options.ts';

/** Rejects options by their conflicts with others of the list. Throws `HarnessError` BAD_FLAG_VALUE. */
export function checkConflicts(options: readonly OptionSpec[], { values }: OptionValues): void {
  const holds = (term: string): boolean => {
    const [, dashes, name = '', value] = /^(--)?([^=]+)=?(.*)$/.exec(term) ?? [];
    const { value: actual, origin = 'default' } = options.some((one) => one.name === name)
      ? (values.get(name) ?? {})
      : {};
    if (value !== '') return actual === value;
    return actual !== undefined && actual !== false && (dashes === '--' ? origin === 'flag' : origin !== 'default');
  };
  for (const { name, conflicts = [] } of options) {
    const origin = values.get(name)?.origin ?? 'default';
    for (const conflict of holds(name) ? conflicts : []) {
      if (origin !== 'flag' && !conflict.always) continue;
      const other = conflict.with?.find(holds);
      if ((conflict.with && other === undefined) || conflict.without?.some(holds)) continue;
      throw badFlagValue(sentence(origin === 'environment' ? variableOf(name) : `--${name}`, conflict, other));
    }
  }
}

function sentence(option: string, { without = [], because }: Conflict, other: string | undefined): string {
  const missing = without.map(flagOf).join(' or ');
  const problem = [
    other === undefined ? 'requires' : `does not work with ${flagOf(other)}`,
    ...(missing === '' ? [] : other === undefined ? [missing] : ['without', missing]),
  ].join(' ');
  const repair =
    other === undefined ? `add ${flagOf(without[0] ?? '')}, or leave ${option} out` : 'leave one of them out';
  return `${option} ${problem}${because === undefined ? '' : `, because ${because}`}: ${repair}.`;
}

/** Returns a term as a user types it. */
const flagOf = (term: string): string => `--${term.replace(/^--/, '').replace('=', ' ')}`;
