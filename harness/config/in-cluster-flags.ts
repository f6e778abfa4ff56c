import { badFlagValue } from '../../foundation/node/errors.ts';
import type { Configuration } from './configuration.ts';

/** Options for the process that installs the runner; they are not passed on. */
const OUTSIDE: ReadonlySet<string> = new Set([
  ...['cluster', 'cluster-name', 'in-cluster', 'print-manifest', 'runner-image', 'runner-role', 'results-claim'],
  ...['kubeconfig', 'context', 'kind-image', 'webhook-image', 'image-base', 'workload-image', 'run-id'],
  ...['report-dir', 'reporter', 'quiet', 'verbose', 'no-color', 'config', 'pass-with-no-scenarios'],
]);
/** Options about the agent, which only the emulator installs. */
const OF_THE_AGENT: readonly string[] = ['agent-image', 'agent-args', 'agent-chart'];
/** Options that need local files, a user or an emulator in the process. */
const NOT_INSIDE: readonly string[] = [
  ...['suites-dir', 'gate', 'times', 'last-failed', 'shard', 'watch', 'keep', 'record', 'client', 'client-image'],
  ...['s3-endpoint', 'service-principal', 'fault', 'service-account-dir'],
];

/** Rejects flags without effect, or that a runner in a cluster lacks. Throws `HarnessError` BAD_FLAG_VALUE. */
export function checkInCluster(configuration: Configuration): void {
  const given = (name: string): boolean => (configuration.values.get(name)?.origin ?? 'default') !== 'default';
  const inside = configuration.flag('in-cluster') || configuration.flag('print-manifest');
  if (!inside) {
    const name = ['runner-image', 'runner-role', 'results-claim'].find(
      (one) => configuration.values.get(one)?.origin === 'flag',
    );
    if (name !== undefined)
      throw badFlagValue(`--${name} has no effect without --in-cluster: add that, or leave --${name} out.`);
    return;
  }
  const refused = NOT_INSIDE.find(given);
  if (refused !== undefined)
    throw badFlagValue(
      `--${refused} is not possible with --in-cluster, whose runner has neither files of this machine nor anybody at it (docs/in-cluster.md): leave one of the two out.`,
    );
  if (configuration.text('runner-image') === undefined)
    throw badFlagValue(
      '--in-cluster needs the image of the runner: build it with scripts/runner-image.js of the source, and name it with --runner-image (docs/in-cluster.md).',
    );
}

export function flagsOfRunner(configuration: Configuration, withEmulator: boolean): readonly string[] {
  return configuration.options.flatMap(({ name, clusters }) => {
    const { value, origin } = configuration.values.get(name) ?? { value: undefined, origin: 'default' };
    const isAway = OUTSIDE.has(name) || (withEmulator && OF_THE_AGENT.includes(name));
    if (isAway || origin === 'default' || value === undefined || clusters?.includes('eks') === false) return [];
    return [`--${name}=${String(value)}`];
  });
}
