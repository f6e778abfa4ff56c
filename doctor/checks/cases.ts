import type { ClusterFacts } from '../facts/cluster-facts.ts';
import { containersOf, isInjected } from '../facts/injection.ts';
import { workloadOf } from '../facts/workload.ts';
import { accountOf } from '../../identity/role.ts';
import type { Association, Role } from '../snapshot/aws.ts';
import type { Container, Metadata, Pod, ServiceAccount } from '../snapshot/kubernetes.ts';
import type { ObjectName } from '../snapshot/object-name.ts';
import type { Case, Check, Unjudged } from './check.ts';
import { aws, inOrder, kubectl } from './commands.ts';

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

/** Returns a case of a pod's workload. The text must be the same for all pods of the workload. */
export const podCase = (pod: Pod, text: string, repair?: string): Case => ({
  object: workloadOf(pod),
  text,
  pods: [pod.metadata.name],
  repair,
});

/** Finds cases of containers. `problemOf` returns a verb phrase, such as `sets AWS_PROFILE`, and `changeOf` the change that repairs it. */
export function* containerCases(
  facts: ClusterFacts,
  pods: readonly Pod[],
  problemOf: (container: Container) => string | undefined,
  changeOf: (container: Container) => TemplateChange = () => ({}),
): Generator<Case> {
  for (const pod of pods)
    for (const container of containersOf(pod)) {
      const problem = problemOf(container);
      if (problem !== undefined)
        yield {
          ...podCase(
            pod,
            `Container ${container.name} ${problem}.`,
            changeTemplate(facts, pod, container, changeOf(container)),
          ),
          part: container.name,
        };
    }
}

const isRolledOut = (kind: string): boolean => ['Deployment', 'StatefulSet', 'DaemonSet'].includes(kind);

/** A change of a container in a pod template. */
export interface TemplateChange {
  /** Variables as in `NAME=value`, or `NAME-` to remove one. */
  readonly env?: readonly string[];
  readonly image?: string | undefined;
}

/** Returns the command that changes a container in the template of a pod's workload. Undefined without a template, and for an init container. */
export function changeTemplate(
  facts: ClusterFacts,
  pod: Pod,
  { name: container }: Container,
  { env = [], image }: TemplateChange,
): string | undefined {
  const { kind, name, namespace } = workloadOf(pod);
  if (!isRolledOut(kind) || pod.initContainers.some((one) => one.name === container)) return undefined;
  const workload = `${kind.toLowerCase()}/${name}`;
  if (image !== undefined) return kubectl(facts, namespace, `set image ${workload} ${container}=${image}`);
  return env.length === 0 ? undefined : kubectl(facts, namespace, `set env ${workload} -c ${container}`, ...env);
}

/** Returns the command that sets the service account of a workload; undefined if it has no template that can change. */
export function setServiceAccount(
  facts: ClusterFacts,
  { kind, name, namespace }: ObjectName,
  serviceAccount: string,
): string | undefined {
  const command = `set serviceaccount ${kind.toLowerCase()}/${name} ${serviceAccount}`;
  return isRolledOut(kind) ? kubectl(facts, namespace, command) : undefined;
}

/** Returns a case of an association, named by its unique service account instead of its id. */
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
  if (isRolledOut(kind)) return kubectl(facts, namespace, `rollout restart ${kind.toLowerCase()}/${name}`);
  if (kind !== 'Pod') return kubectl(facts, namespace, `delete pod ${pod.metadata.name}`);
  // The webhook keeps variables that the pod already has.
  if (isInjected(pod)) return undefined;
  const get = kubectl(facts, namespace, `get pod ${name} -o json`);
  return `${get} | ${kubectl(facts, namespace, 'replace --force -f -')}`;
}

/** Returns the commands that replace pods, each workload once. */
export const restarts = (facts: ClusterFacts, pods: readonly Pod[]): string | undefined =>
  inOrder(...pods.map((pod) => restart(facts, pod)));

/** Returns the command that annotates a service account, and those that replace its pods. */
export const annotate = (facts: ClusterFacts, { metadata }: ServiceAccount, value: string): string | undefined =>
  inOrder(
    kubectl(facts, metadata.namespace, `annotate serviceaccount ${metadata.name} --overwrite ${value}`),
    restarts(facts, facts.podsOf(metadata.namespace, metadata.name)),
  );

/** Returns the commands that replace an association, since some of its fields cannot be updated. */
export function replaceAssociation(facts: ClusterFacts, association: Association, changed: Association): string {
  const { namespace, serviceAccount, roleArn, targetRoleArn: target, disableSessionTags } = changed;
  const cluster = `pod-identity-association --cluster-name ${facts.name}`;
  const words = `--namespace ${namespace} --service-account ${serviceAccount} --role-arn ${roleArn}`;
  const further = `${target ? ` --target-role-arn ${target}` : ''}${disableSessionTags ? ' --disable-session-tags' : ''}`;
  const create = aws(facts, `eks create-${cluster} ${words}${further}`);
  const old = aws(facts, `eks delete-${cluster} --association-id ${association.associationId}`);
  // EKS accepts only one association for a service account.
  const isSame = namespace === association.namespace && serviceAccount === association.serviceAccount;
  return (isSame ? [old, create] : [create, old]).join(' && ');
}

/** Returns the ARN of a role that was read and has the name of another one, which lacks its path. */
export const sameName = ({ snapshot }: ClusterFacts, arn: string): string | undefined =>
  Object.values(snapshot.aws?.roles ?? {}).find(
    (role) =>
      role && role.arn !== arn && roleName(role.arn) === roleName(arn) && accountOf(role.arn) === accountOf(arn),
  )?.arn;

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
