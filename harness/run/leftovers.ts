import type { Making } from '../../clusters/ledger.ts';
import { HarnessError } from '../errors.ts';
import type { Leftover } from './world.ts';

/** How many leftovers a sentence names. */
const NAMED = 5;

/** The error of a run that leaves something, undefined where it does not. `command` removes it, where that is known. */
export function leftBehind(leftovers: readonly Leftover[], command: string | undefined): HarnessError | undefined {
  if (leftovers.length === 0) return undefined;
  const named = leftovers.slice(0, NAMED).map(({ name, reason }) => `${name} (${reason})`);
  const more = leftovers.length > NAMED ? ` and ${leftovers.length - NAMED} more` : '';
  const remedy = command === undefined ? 'remove it by hand' : `\`${command}\` tries again`;
  return new HarnessError('LEFT_BEHIND', `The run could not remove ${named.join(', ')}${more}: ${remedy}.`);
}

/** The command that removes what a run left. */
export function sweepCommand(left: readonly Making[], run: string, directory: string): string {
  const onlyAws = left.every(({ kind }) => kind === 'aws');
  return `npm run sweep -- ${onlyAws ? '--cluster eks ' : ''}--run ${run}${onlyAws ? '' : ` --report-dir ${directory}`}`;
}
