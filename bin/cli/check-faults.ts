import { catalogue } from '../../scripts/faults/index.ts';
import { badFlagValue, HarnessError } from '../../foundation/node/errors.ts';
import { suggestion } from '../../foundation/node/nearest.ts';
import type { Configuration } from '../../harness/config/configuration.ts';
import { isInScope, scopesOf } from '../../harness/plan/scopes.ts';
import { isNamed } from '../../harness/plan/select.ts';

/** The option that replaces a reference component by an image, by the subject of its faults. */
const IMAGE_OPTIONS = { agent: 'agent-image', webhook: 'webhook-image' } as const;

/** Rejects unknown or unobservable faults. Throws `HarnessError` UNKNOWN_FAULT or BAD_FLAG_VALUE. */
export function checkFaults(given: Configuration): void {
  const { cluster } = given;
  const faults = given.list('fault');
  if (faults.length === 0) return;
  const all = catalogue();
  const names = all.map(({ name }) => name);
  for (const name of faults) {
    const fault = all.find((one) => one.name === name);
    if (fault === undefined)
      throw new HarnessError(
        'UNKNOWN_FAULT',
        `Unknown fault "${name}": ${suggestion(name, names)} (--list-faults lists them)`,
      );
    const { subject, flags } = fault;
    if (subject === 'cluster' && !cluster.isOwnKubernetes)
      throw badFlagValue(`Fault "${name}" only exists in embedded clusters: leave out --cluster ${cluster.name}.`);
    if (flags !== '' && !isGiven(given, flags))
      throw badFlagValue(`Fault "${name}" only shows with ${flags}: add that flag.`);
    const option = subject === 'agent' || subject === 'webhook' ? IMAGE_OPTIONS[subject] : undefined;
    const image = option && given.text(option);
    if (image !== undefined)
      throw badFlagValue(
        `Fault "${name}" is in the reference ${subject}, which --${option} ${image} replaces: leave one of them out.`,
      );
  }
}

/**
 * Whether the run has an option such as `--agent-chart 0.2`. A profile or scenario ids select a suite too. Suites and
 * scenarios selected by name need no scope.
 */
function isGiven(given: Configuration, flags: string): boolean {
  const [name = '', value = ''] = flags.slice('--'.length).split(' ');
  if (name === 'suite' && (given.text('profile') === value || given.list('scenario').length > 0)) return true;
  if (name === 'scope') return isNamed(given) || isInScope({ scope: value }, scopesOf(given));
  return [given.values.get(name)?.value].flat().includes(value);
}
