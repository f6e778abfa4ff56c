import type { ClusterFacts } from '../facts/cluster-facts.ts';
import { containersOf, isInjected } from '../facts/injection.ts';
import { workloadOf } from '../facts/workload.ts';
import type { Association, Role } from '../snapshot/aws.ts';
import type { Container, Metadata, Pod, ServiceAccount } from '../snapshot/kubernetes.ts';
import type { ObjectName } from '../snapshot/object-name.ts';
import type { Case, Check, Unjudged } from './check.ts';
import { kubectl } from './commands.ts';

/** Rights that several checks need. */
export const ASSOCIATIONS = ['eks:ListPodIdentityAssociations', 'eks:DescribePodIdentityAssociation'] as const;
export const PROVIDERS = ['iam:ListOpenIDConnectProviders', 'iam:GetOpenIDConnectProvider'] as const;

export const defineCheck = (check: Check): Check => check;

export const objectOf = (kind: string, { namespace, name }: Pick<Metadata, 'namespace' | 'name'>): ObjectName => ({
  kind,
  name,
  ...(namespace !== undefined && { namespace }),
});

/** Returns the names of pods, with the namespace of those in another one than the object. */
export const podNames = (pods: readonly Pod[], namespace?: string): readonly string[] =>
  pods.map(({ metadata }) => (metadata.namespace === namespace ? '' : `${metadata.namespace}/`) + metadata.name);

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
  pods: podNames(facts.podsOf(association.namespace, association.serviceAccount), association.namespace),
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
  pods: podNames(facts.podsOf(metadata.namespace, metadata.name), metadata.namespace),
  repair,
});

/** Returns the command that replaces a pod; undefined if only its manifest is the way back. */
export function restart(facts: ClusterFacts, pod: Pod): string | undefined {
  const { kind, name, namespace } = workloadOf(pod);
  if (['Deployment', 'StatefulSet', 'DaemonSet'].includes(kind))
    return kubectl(facts, namespace, `rollout restart ${kind.toLowerCase()}/${name}`);
  if (kind !== 'Pod') return kubectl(facts, namespace, `delete pod ${pod.metadata.name}`);
  // The webhook keeps variables that the pod already has.
  if (isInjected(pod)) return undefined;
  const get = kubectl(facts, namespace, `get pod ${name} -o json`);
  return `${get} | ${kubectl(facts, namespace, 'replace --force -f -')}`;
}

/** Returns a role that exists. Yields the object as not judged if the role could not be read. */
export function* readableRole(
  facts: ClusterFacts,
  object: ObjectName,
  arn: string,
): Generator<Unjudged, Role | undefined> {
  const role = facts.role(arn);
  if (role === undefined) yield { object, missing: 'iam:GetRole', unread: arn };
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
