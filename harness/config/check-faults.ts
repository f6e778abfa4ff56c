import type { ClusterType } from '../../clusters/cluster-type.ts';
import { catalogue } from '../../faults/index.ts';
import { badFlagValue, HarnessError } from '../../foundation/node/errors.ts';
import { suggestion } from '../../foundation/node/nearest.ts';
import type { OptionValues } from '../../foundation/node/options.ts';

/** The options that name an image of a component, by the subject of faults that it replaces. */
const IMAGE_OPTIONS = { agent: 'agent-image', webhook: 'webhook-image' } as const;

/**
 * Refuses faults that there are not, and those of a subject which the run does not have: it would pass for no reason.
 * Throws `HarnessError` UNKNOWN_FAULT or BAD_FLAG_VALUE.
 */
export function checkFaults(given: OptionValues, cluster: ClusterType): void {
  const asked = given.list('fault');
  if (asked.length === 0) return;
  const all = catalogue();
  const names = all.map(({ name }) => name);
  for (const name of asked) {
    const fault = all.find((one) => one.name === name);
    if (fault === undefined)
      throw new HarnessError(
        'UNKNOWN_FAULT',
        `Unknown fault "${name}": ${suggestion(name, names)} (--list-faults lists them)`,
      );
    const { subject } = fault;
    if (subject === 'cluster' && !cluster.isOwnKubernetes)
      throw badFlagValue(`--fault ${name} is one of the Kubernetes in a process: leave out --cluster ${cluster.name}.`);
    if (subject === 'client' && !given.list('client').includes('raw'))
      throw badFlagValue(`--fault ${name} is one of the client without an SDK: add --client raw.`);
    const option = subject === 'agent' || subject === 'webhook' ? IMAGE_OPTIONS[subject] : undefined;
    const image = option && given.text(option);
    if (image !== undefined)
      throw badFlagValue(
        `--fault ${name} is one of the reference ${subject}, and --${option} is ${image}: leave one out.`,
      );
  }
}
