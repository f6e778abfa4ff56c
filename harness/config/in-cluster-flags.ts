import { badFlagValue } from '../../foundation/node/errors.ts';
import type { Configuration } from './configuration.ts';

/** Options for the process that installs the runner, which does not pass them on. */
const OUTSIDE: ReadonlySet<string> = new Set([
  ...['cluster', 'cluster-name', 'in-cluster', 'print-manifest', 'runner-image', 'runner-role', 'results-claim'],
  ...['kubeconfig', 'context', 'kind-image', 'webhook-image', 'image-base', 'workload-image', 'run-id'],
  ...['report-dir', 'reporter', 'quiet', 'verbose', 'no-color', 'config', 'pass-with-no-scenarios'],
]);
/** Options about the agent, which the emulator installs if there is one. */
const AGENT_FLAGS: readonly string[] = ['agent-image', 'agent-args', 'agent-chart'];
/** Options that need local files, a terminal or an emulator in this process. */
const NOT_INSIDE: readonly string[] = [
  ...['suites-dir', 'gate', 'times', 'last-failed', 'shard', 'watch', 'keep', 'record', 'client', 'client-image'],
  ...['s3-endpoint', 'service-principal', 'fault', 'service-account-dir'],
];

/** Rejects flags without effect, and flags that a runner in a cluster does not support. Throws `HarnessError` BAD_FLAG_VALUE. */
export function checkInCluster(configuration: Configuration): void {
  const given = (name: string): boolean => (configuration.values.get(name)?.origin ?? 'default') !== 'default';
  const inside = configuration.flag('in-cluster') || configuration.flag('print-manifest');
  if (!inside) {
    const name = ['runner-image', 'runner-role', 'results-claim'].find(
      (one) => configuration.values.get(one)?.origin === 'flag',
    );
    if (name !== undefined)
      throw badFlagValue(`--${name} has no effect without --in-cluster: add --in-cluster, or leave --${name} out.`);
    return;
  }
  const refused = NOT_INSIDE.find(given);
  if (refused !== undefined)
    throw badFlagValue(
      `--${refused} does not work with --in-cluster, because the runner has neither local files nor a terminal (docs/eks.md): leave one of the two out.`,
    );
  if (configuration.text('runner-image') === undefined)
    throw badFlagValue(
      '--in-cluster requires --runner-image: build the image with scripts/runner-image.js in a clone (docs/eks.md).',
    );
}

export function flagsOfRunner(configuration: Configuration, withEmulator: boolean): readonly string[] {
  return configuration.options.flatMap(({ name, clusters }) => {
    const { value, origin } = configuration.values.get(name) ?? { value: undefined, origin: 'default' };
    const isAway = OUTSIDE.has(name) || (withEmulator && AGENT_FLAGS.includes(name));
    if (isAway || origin === 'default' || value === undefined || clusters?.includes('eks') === false) return [];
    return [`--${name}=${String(value)}`];
  });
}
