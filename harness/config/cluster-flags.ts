import { badFlagValue } from '../../foundation/node/errors.ts';
import { parseEndpoints } from '../../aws/endpoints.ts';
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
  parseEndpoints(configuration.list('aws-endpoint'), cluster.aws);
  // Also checks values from environment and config file, because the run uses them.
  checkForms(effective, configuration);
  cluster.check?.(configuration);
}
