import type { ClusterFacts } from '../facts/cluster-facts.ts';
import { workloadOf } from '../facts/workload.ts';
import type { Association, Role } from '../snapshot/aws.ts';
import type { Metadata, Pod } from '../snapshot/kubernetes.ts';
import type { ObjectName } from '../snapshot/object-name.ts';
import type { Case, Unjudged } from './check.ts';

/** Rights that several checks need. */
export const ASSOCIATIONS = ['eks:ListPodIdentityAssociations', 'eks:DescribePodIdentityAssociation'] as const;
export const PROVIDERS = ['iam:ListOpenIDConnectProviders', 'iam:GetOpenIDConnectProvider'] as const;

export const objectOf = (kind: string, { namespace, name }: Pick<Metadata, 'namespace' | 'name'>): ObjectName => ({
  kind,
  name,
  ...(namespace !== undefined && { namespace }),
});

export const clusterObject = ({ name }: ClusterFacts): ObjectName => ({ kind: 'Cluster', name });

/** Associations go by their service account, which is unique and says more than an id. */
export const associationObject = ({ namespace, serviceAccount }: Association): ObjectName => ({
  kind: 'Association',
  namespace,
  name: serviceAccount,
});

export const roleObject = (arn: string): ObjectName => ({ kind: 'Role', name: arn });

export const podNames = (pods: readonly Pod[]): readonly string[] => pods.map(({ metadata }) => metadata.name);

/** A case of a pod's workload. The text must be the same for all pods of the workload. */
export const podCase = (pod: Pod, text: string, repair?: string): Case => ({
  object: workloadOf(pod),
  text,
  pods: [pod.metadata.name],
  ...(repair !== undefined && { repair }),
});

/** Returns the command that replaces the pods of a workload. */
export function restart(pod: Pod): string {
  const { kind, name, namespace = 'default' } = workloadOf(pod);
  if (['Deployment', 'StatefulSet', 'DaemonSet'].includes(kind))
    return `kubectl rollout restart ${kind.toLowerCase()}/${name} -n ${namespace}`;
  return kind === 'CronJob'
    ? `kubectl create job ${name}-again --from=cronjob/${name} -n ${namespace}`
    : `kubectl delete pod ${pod.metadata.name} -n ${namespace}   # and create it again if it has no controller`;
}

/** Returns a role. Yields an object that cannot be judged if the role could not be read; a missing role is PID306's or PID606's. */
export function* readableRole(
  facts: ClusterFacts,
  object: ObjectName,
  arn: string,
): Generator<Unjudged, Role | undefined> {
  const role = facts.role(arn);
  if (role === undefined) yield { object, missing: 'iam:GetRole' };
  return role ?? undefined;
}

/** Lists at most three of several names. */
export const someOf = (names: readonly string[]): string =>
  names.slice(0, 3).join(', ') + (names.length > 3 ? ` and ${names.length - 3} more` : '');

export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** Returns the last part of a role's ARN. */
export const roleName = (arn: string): string => arn.split('/').at(-1) ?? arn;
