import { commandLine } from '../../foundation/node/command-line.ts';
import type { JournalEntry } from '../../foundation/node/journal.ts';
import type { Configuration } from '../config/configuration.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import type { Leftover } from '../scenario/scenario-context.ts';

const NAMED = 5;

/** Returns the error of a run with leftovers; undefined without them. `command` removes them, if known. */
export function leftBehind(leftovers: readonly Leftover[], command: string | undefined): HarnessError | undefined {
  if (leftovers.length === 0) return undefined;
  const named = leftovers.slice(0, NAMED).map(({ name, reason }) => `${name} (${reason})`);
  const more = leftovers.length > NAMED ? ` and ${leftovers.length - NAMED} more` : '';
  const remedy = command === undefined ? 'remove it by hand' : `retry with \`${command}\``;
  return new HarnessError('LEFT_BEHIND', `${COULD_NOT_REMOVE}${named.join(', ')}${more}: ${remedy}.`);
}

const COULD_NOT_REMOVE = 'The run could not remove ';

/** Whether a run's error is that of `leftBehind`: the run has all its verdicts. */
export const isLeftBehind = (error: string): boolean => error.startsWith(COULD_NOT_REMOVE);

const PLACES: readonly string[] = ['region', 'aws-endpoint', 'allow-account', 'other-account-role', 'cluster-name'];

/** Returns the command that removes a run's leftovers, or only those in AWS if there are any. */
export function sweepCommand(
  left: readonly JournalEntry[],
  run: string,
  directory: string,
  configuration?: Configuration,
): string {
  const flags = [`--run ${run}`, `--report-dir ${directory}`];
  if (!left.some(({ kind }) => kind === 'aws')) return commandLine('sweep', flags.join(' '));
  for (const name of PLACES) {
    const value = configuration?.values.get(name)?.value;
    const text = Array.isArray(value) ? value.join(',') : value;
    if (text !== undefined && text !== '') flags.push(`--${name} ${String(text)}`);
  }
  return commandLine('sweep', `--cluster eks ${flags.join(' ')}`);
}
