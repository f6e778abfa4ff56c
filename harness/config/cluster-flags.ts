import { badFlagValue } from '../../foundation/node/errors.ts';
import { endpointUrl, parseEndpoints } from '../../aws/endpoints.ts';
import { checkInCluster } from './in-cluster-flags.ts';
import type { Configuration } from './configuration.ts';
import { checkForms } from './read-options.ts';

/**
 * Rejects flags without effect on the run's clusters. Values from environment and config file may be for other runs.
 * Throws `HarnessError` BAD_FLAG_VALUE.
 */
export function checkClusterFlags(configuration: Configuration): void {
  const { cluster, options } = configuration;
  const flagged = (name: string): boolean => configuration.values.get(name)?.origin === 'flag';
  for (const { name, clusters } of options) {
    if (!flagged(name) || clusters === undefined || clusters.includes(cluster.name)) continue;
    throw badFlagValue(
      `--${name} is for ${clusters.join(' and ')} clusters, but this run uses --cluster ${cluster.name}: add --cluster ${clusters[0]}, or leave --${name} out.`,
    );
  }
  if (flagged('times') && configuration.text('shard') === undefined)
    throw badFlagValue('--times has no effect without --shard: add --shard, or leave --times out.');
  checkInCluster(configuration);
  if (configuration.flag('watch')) checkWatch(configuration);
  const endpoints = parseEndpoints(configuration.list('aws-endpoint'), cluster.aws);
  const s3Endpoint = configuration.text('s3-endpoint');
  if (s3Endpoint !== undefined) {
    endpointUrl(s3Endpoint, s3Endpoint, 's3-endpoint');
    if (endpoints.s3 !== undefined)
      throw badFlagValue(
        `--s3-endpoint ${s3Endpoint} and --aws-endpoint ${endpoints.s3} are two endpoints for S3: leave one of them out.`,
      );
  }
  // Also checks values from environment and config file, because the run uses them.
  checkForms(
    options.filter(({ clusters }) => clusters?.includes(cluster.name) !== false),
    configuration,
  );
  cluster.check?.(configuration);
  if (cluster.aws === 'account' || Object.keys(endpoints).length > 0) return;
  const name = ['region', 'allow-account'].find(flagged);
  if (name !== undefined)
    throw badFlagValue(
      `--${name} has no effect with --cluster ${cluster.name}, which uses the harness' own emulator. Add --cluster eks or --aws-endpoint, or leave --${name} out.`,
    );
}

/** Options that do not work with --watch. */
const NOT_WATCHED = ['last-failed', 'shard', 'max-failures', 'keep', 'record'];

function checkWatch(configuration: Configuration): void {
  if (configuration.list('suites-dir').length === 0)
    throw badFlagValue('--watch is for your own suites: give their folder with --suites-dir, or leave --watch out.');
  const other = NOT_WATCHED.find((name) => configuration.values.get(name)?.origin === 'flag');
  if (other !== undefined) throw badFlagValue(`--${other} has no effect with --watch: leave one of the two out.`);
}
