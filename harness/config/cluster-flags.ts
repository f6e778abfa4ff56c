import { badFlagValue } from '../../foundation/node/errors.ts';
import { endpointUrl, parseEndpoints } from '../../aws/endpoints.ts';
import { checkConflicts } from './conflicts.ts';
import type { Configuration } from './configuration.ts';
import { checkForms } from './read-options.ts';

/**
 * Rejects flags without effect on the run's clusters. Values from environment and config file may be for other runs.
 * Throws `HarnessError` BAD_FLAG_VALUE.
 */
export function checkClusterFlags(configuration: Configuration): void {
  const { cluster, options } = configuration;
  for (const { name, clusters } of options) {
    if (configuration.values.get(name)?.origin !== 'flag' || clusters === undefined || clusters.includes(cluster.name))
      continue;
    throw badFlagValue(
      `--${name} is for ${clusters.join(' and ')} clusters, but this run uses --cluster ${cluster.name}: add --cluster ${clusters[0]}, or leave --${name} out.`,
    );
  }
  const effective = options.filter(({ clusters }) => clusters?.includes(cluster.name) !== false);
  checkConflicts(effective, configuration);
  const endpoints = parseEndpoints(configuration.list('aws-endpoint'), cluster.aws);
  const s3Endpoint = configuration.text('s3-endpoint');
  if (s3Endpoint !== undefined) {
    endpointUrl(s3Endpoint, s3Endpoint, '--s3-endpoint');
    if (endpoints.s3 !== undefined)
      throw badFlagValue(
        `--s3-endpoint ${s3Endpoint} and --aws-endpoint ${endpoints.s3} are two endpoints for S3: leave one of them out.`,
      );
  }
  // Also checks values from environment and config file, because the run uses them.
  checkForms(effective, configuration);
  cluster.check?.(configuration);
}
