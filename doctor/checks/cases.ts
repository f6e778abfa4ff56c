import type { ClusterFacts } from '../facts/cluster-facts.ts';
import { containersOf } from '../facts/injection.ts';
import { workloadOf } from '../facts/workload.ts';
import type { Association, Role } from '../snapshot/aws.ts';
import type { Container, Metadata, Pod, ServiceAccount } from '../snapshot/kubernetes.ts';
import type { ObjectName } from '../snapshot/object-name.ts';
import type { Case, Check, Unjudged } from './check.ts';

/** Rights that several checks need. */
export const ASSOCIATIONS = ['eks:ListPodIdentityAssociations', 'eks:DescribePodIdentityAssociation'] as const;
export const PROVIDERS = ['iam:ListOpenIDConnectProviders', 'iam:GetOpenIDConnectProvider'] as const;

export const defineCheck = (check: Check): Check => check;

export const objectOf = (kind: string, { namespace, name }: Pick<Metadata, 'namespace' | 'name'>): ObjectName => ({
  kind,
  name,
  ...(namespace !== undefined && { namespace }),
});

export const podNames = (pods: readonly Pod[]): readonly string[] => pods.map(({ metadata }) => metadata.name);

/** A case of a pod's workload. The text must be the same for all pods of the workload. */
export const podCase = (pod: Pod, text: string, repair?: string): Case => ({
  object: workloadOf(pod),
  text,
  pods: [pod.metadata.name],
  repair,
});

/** Finds cases of containers. `problemOf` returns a verb phrase, such as `sets AWS_PROFILE`. */
export function* containerCases(
  pods: readonly Pod[],
  problemOf: (container: Container) => string | undefined,
): Generator<Case> {
  for (const pod of pods)
    for (const container of containersOf(pod)) {
      const problem = problemOf(container);
      if (problem !== undefined)
        yield { ...podCase(pod, `Container ${container.name} ${problem}.`), part: container.name };
    }
}

/** A case of an association, which goes by its unique service account instead of its id. */
export const associationCase = (
  facts: ClusterFacts,
  association: Association,
  text: string,
  repair?: string,
): Case => ({
  object: objectOf('Association', { namespace: association.namespace, name: association.serviceAccount }),
  text,
  pods: podNames(facts.podsOf(association.namespace, association.serviceAccount)),
  repair,
});

export const accountCase = (
  facts: ClusterFacts,
  { metadata }: ServiceAccount,
  text: string,
  repair?: string,
): Case => ({
  object: objectOf('ServiceAccount', metadata),
  text,
  pods: podNames(facts.podsOf(metadata.namespace, metadata.name)),
  repair,
});

export const annotateRole = ({ metadata: { name, namespace } }: ServiceAccount, arn: string): string =>
  `kubectl annotate serviceaccount ${name} -n ${namespace} --overwrite eks.amazonaws.com/role-arn=${arn}`;

/** Returns the command that replaces the pods of a workload. */
export function restart(pod: Pod): string {
  const { kind, name, namespace = 'default' } = workloadOf(pod);
  return ['Deployment', 'StatefulSet', 'DaemonSet'].includes(kind)
    ? `kubectl rollout restart ${kind.toLowerCase()}/${name} -n ${namespace}`
    : `kubectl delete pod ${pod.metadata.name} -n ${namespace} # then create it again${kind === 'Pod' ? '' : `, unless ${kind} ${name} does`}`;
}

/** Returns a role that exists. Yields the object as not judged if the role could not be read. */
export function* readableRole(
  facts: ClusterFacts,
  object: ObjectName,
  arn: string,
): Generator<Unjudged, Role | undefined> {
  const role = facts.role(arn);
  if (role === undefined) yield { object, missing: 'iam:GetRole' };
  return role ?? undefined;
}

/** Returns the right without which the policies of a role could not be read. */
export const missingPolicyRight = ({ snapshot }: ClusterFacts, arn: string): string =>
  snapshot.gaps.find(({ right, object = arn }) => /^iam:.*Polic/.test(right) && object === arn)?.right ??
  'iam:ListRolePolicies';

/** Lists at most three of several names. */
export const someOf = (names: readonly string[]): string =>
  names.slice(0, 3).join(', ') + (names.length > 3 ? ` and ${names.length - 3} more` : '');

/** Returns the last part of a role's ARN. */
export const roleName = (arn: string): string => arn.split('/').at(-1) ?? arn;
