import { randomBytes } from 'node:crypto';
import { stringify } from 'yaml';
import { textsOf } from '../../foundation/node/options.ts';
import type { Configuration } from '../config/configuration.ts';
import { flagsOfRunner } from '../config/in-cluster-flags.ts';
import { namespaceOf, runnerObjects } from './manifest.ts';

/** Returns all objects of a runner on an EKS cluster as YAML documents for `kubectl apply -f -`. */
export function manifestText(configuration: Configuration): string {
  const text = (name: string): string => configuration.text(name) ?? '';
  const spec = {
    run: configuration.text('run-id') ?? `c${randomBytes(3).toString('hex')}`,
    expiresAt: new Date(Date.now() + configuration.number('expires') * 3_600_000),
    clusterName: configuration.list('cluster-name')[0] ?? '',
    image: text('runner-image'),
    workloadImage: text('workload-image'),
    flags: flagsOfRunner(configuration, false),
    ...textsOf(configuration, { roleArn: 'runner-role', claim: 'results-claim' }),
  };
  // The user created a namespace with a claim, so it must outlive the other objects.
  const objects = [...(spec.claim === undefined ? [namespaceOf(spec)] : []), ...runnerObjects(spec)];
  return objects.map((object) => `---\n${stringify(object)}`).join('');
}
