import { HarnessError } from '../../foundation/node/errors.ts';
import { suggestion } from '../../foundation/node/nearest.ts';
import type { ClusterFacts } from '../facts/cluster-facts.ts';
import {
  audienceOf,
  byWebIdentity,
  credentialSource,
  isRole,
  known,
  subjectOf,
  type Mechanism,
} from '../facts/identity.ts';
import { credentialsOf } from '../facts/injection.ts';
import { roleAnnotation } from '../facts/irsa.ts';
import {
  podIdentityTrust,
  sessionTags,
  targetTrust,
  webIdentityTrust,
  type Subject,
  type TrustDecision,
} from '../facts/trust.ts';
import type { Association } from '../snapshot/aws.ts';
import type { Pod } from '../snapshot/kubernetes.ts';

/** The flag that stands for an association or annotation which files lack. A gap has it as its right. */
export const ASSUME = '--assume-association';

/** One decision on the way from a service account to a resource. */
export interface Step {
  readonly name: 'identity' | 'trust' | 'target role' | 'assumed role' | 'access' | 'encryption';
  readonly value: 'allowed' | 'denied' | 'unknown';
  readonly text: string;
  /** Explanations of the statements about the action and resource. */
  readonly statements?: readonly string[];
  /** What makes it unknown. */
  readonly unless?: readonly string[];
  /** The decision without the unknown parts. */
  readonly otherwise?: 'allowed' | 'denied';
}

/** A session of a role, with which a pod makes requests. */
export interface RoleSession {
  readonly roleArn: string;
  readonly tags: Readonly<Record<string, string>>;
  /** JSON text of the session policy. */
  readonly policy?: string;
  /** Condition keys that the session keeps, such as `<issuer>:sub`. */
  readonly context: Readonly<Record<string, string>>;
  /** Whether it has session tags of a pod that is not known. */
  readonly isPodUnknown: boolean;
}

/** How a service account gets its role. There is no session if it gets none, or if its role is not known. */
export interface Path {
  readonly mechanism: Mechanism;
  readonly steps: readonly Step[];
  readonly session?: RoleSession;
}

export interface Asker {
  readonly namespace: string;
  readonly serviceAccount: string;
  /** The name of a pod. Default: a new pod of the service account. */
  readonly pod?: string;
}

/**
 * Returns the path of a new pod of the service account: the webhook injects Pod Identity for an association, otherwise IRSA for an
 * annotation. A named pod keeps its injected variables. Throws `HarnessError` BAD_FILE for a name that the cluster does not have.
 */
export function pathOf(facts: ClusterFacts, asker: Asker): Path {
  const { namespace, serviceAccount } = asker;
  const { serviceAccounts } = facts.snapshot.kubernetes;
  const account = facts.serviceAccount(namespace, serviceAccount);
  if (serviceAccounts !== undefined && account === undefined)
    throw missing(
      `Namespace ${namespace} has no service account`,
      serviceAccount,
      serviceAccounts.filter(({ metadata }) => metadata.namespace === namespace).map(({ metadata }) => metadata.name),
    );
  const pods = facts.podsOf(namespace, serviceAccount);
  if (asker.pod !== undefined) {
    const pod = facts.snapshot.kubernetes.pods?.find(
      (one) =>
        one.metadata.name === asker.pod &&
        one.metadata.namespace === namespace &&
        one.serviceAccountName === serviceAccount,
    );
    if (pod !== undefined) return ofPod(facts, pod);
    const names = pods.map(({ metadata }) => metadata.name);
    throw missing(`Service account ${namespace}/${serviceAccount} has no pod`, asker.pod, names);
  }
  const subject = { namespace, serviceAccount };
  if (facts.snapshot.aws?.associations === undefined)
    return failed('unknown', 'unknown', 'the associations of the cluster could not be read');
  if (facts.association(namespace, serviceAccount)) return byPodIdentity(facts, subject);
  const roleArn = account && roleAnnotation(account);
  const audience = account?.metadata.annotations?.['eks.amazonaws.com/audience'] ?? 'sts.amazonaws.com';
  if (roleArn) return byToken(facts, roleArn, audience, subject);
  const [pod] = pods;
  return pod
    ? ofPod(facts, pod)
    : failed(
        'unknown',
        'unknown',
        'it has no association and no role annotation; its pods may use the role of their node',
      );
}

function missing(sentence: string, name: string, names: readonly string[]): HarnessError {
  const hint = names.length === 0 ? 'it has none.' : suggestion(name, names).replace('see --help', 'see `kubectl get`');
  return new HarnessError('BAD_FILE', `${sentence} "${name}": ${hint}`);
}

const failed = (mechanism: Mechanism, value: 'denied' | 'unknown', text: string): Path => ({
  mechanism,
  steps: [{ name: 'identity', value, text, ...(value === 'unknown' && { unless: [text] }) }],
});

const preferredBy = ({ containers }: Pod) => containers.find((one) => credentialsOf(one).preferred.length > 0);

function ofPod(facts: ClusterFacts, pod: Pod): Path {
  const { mechanism, roleArn = '', reason = '' } = credentialSource(facts, pod, preferredBy(pod));
  const subject = subjectOf(pod);
  switch (mechanism) {
    case 'web-identity':
      return byToken(facts, roleArn, audienceOf(pod), subject);
    case 'pod-identity':
      return byPodIdentity(facts, subject);
    case 'node-role': {
      const text = `pod ${pod.metadata.name} has no identity of its own and uses the role of its node, ${roleArn}`;
      const session = { roleArn, tags: {}, context: {}, isPodUnknown: false };
      return { mechanism, steps: [{ name: 'identity', value: 'allowed', text }], session };
    }
    default:
      return failed(mechanism, mechanism === 'none' ? 'denied' : 'unknown', `pod ${pod.metadata.name}: ${reason}`);
  }
}

/** Returns the step of a role that a service account has. Files may lack it, and pods may set other credentials. */
function identity(facts: ClusterFacts, { namespace, serviceAccount, podName }: Subject, text: string): Step {
  const account = `${namespace}/${serviceAccount}`;
  const step = { name: 'identity', value: 'unknown' } as const;
  if (facts.snapshot.gaps.some(({ right, object }) => right === ASSUME && object === account)) {
    const missing = `an association of ${account} with this role only, or an annotation, which the files do not contain (${ASSUME} asks as if they did)`;
    return { ...step, otherwise: 'denied', text: missing, unless: [missing] };
  }
  const pods = podName === undefined ? facts.podsOf(namespace, serviceAccount) : [];
  const keys = pods.flatMap((pod) => {
    const container = preferredBy(pod);
    const variables = container && credentialsOf(container).preferred.join(', ');
    return container
      ? [`container ${container.name} of pod ${pod.metadata.name} sets ${variables}, which SDKs prefer`]
      : [];
  });
  if (keys[0] === undefined) return { name: 'identity', value: 'allowed', text };
  return { ...step, otherwise: 'allowed', text: `${text}, but ${keys[0]}`, unless: keys };
}

function byPodIdentity(facts: ClusterFacts, subject: Subject): Path {
  const mechanism = 'pod-identity';
  const cluster = facts.snapshot.aws?.cluster;
  const association = facts.association(subject.namespace, subject.serviceAccount);
  if (cluster === undefined || facts.snapshot.aws?.associations === undefined)
    return failed(mechanism, 'unknown', 'the associations of the cluster could not be read');
  if (association === undefined)
    return failed(mechanism, 'denied', 'the service account has no association, so the agent refuses its token');
  const { roleArn, targetRoleArn, policy, disableSessionTags } = association;
  const steps = [
    identity(facts, subject, `EKS Pod Identity: association ${association.associationId} gives it role ${roleArn}`),
    roleStep(facts, 'trust', roleArn, (role) => podIdentityTrust(role, cluster, association, subject)),
    ...(targetRoleArn === undefined ? [] : [targetStep(facts, association, targetRoleArn, subject)]),
  ];
  const session = {
    roleArn: targetRoleArn ?? roleArn,
    tags: disableSessionTags ? {} : sessionTags(cluster, subject),
    context: {},
    isPodUnknown: !disableSessionTags && subject.podName === undefined,
    ...(policy !== undefined && { policy }),
  };
  return { mechanism, steps, session };
}

function targetStep(facts: ClusterFacts, association: Association, targetArn: string, subject: Subject): Step {
  const role = known(facts, association.roleArn);
  const cluster = facts.snapshot.aws?.cluster;
  return roleStep(facts, 'target role', targetArn, (target) =>
    isRole(role) && cluster
      ? targetTrust(role, target, cluster, association, subject)
      : { value: 'unknown', reason: `role ${association.roleArn} could not be read` },
  );
}

function byToken(facts: ClusterFacts, roleArn: string, audience: string, subject: Subject): Path {
  const mechanism = 'web-identity';
  const { issuer = '', provider } = facts;
  const found = byWebIdentity(facts, roleArn, audience, subject);
  const trust = roleStep(facts, 'trust', roleArn, (role) => {
    if (found.mechanism === 'none' || provider === undefined)
      return { value: found.mechanism === 'none' ? 'denied' : 'unknown', reason: found.reason ?? 'it was not read' };
    return webIdentityTrust(role, { arn: provider.arn, issuer }, audience, subject);
  });
  const session = {
    roleArn,
    tags: {},
    context: {
      [`${issuer}:sub`]: `system:serviceaccount:${subject.namespace}:${subject.serviceAccount}`,
      [`${issuer}:aud`]: audience,
      ...(provider && { 'aws:FederatedProvider': provider.arn }),
    },
    isPodUnknown: false,
  };
  return { mechanism, steps: [identity(facts, subject, `IRSA: its annotation names role ${roleArn}`), trust], session };
}

/** Returns the step of assuming a role. A role that could not be read is unknown. */
export function roleStep(
  facts: ClusterFacts,
  name: Step['name'],
  arn: string,
  decide: (role: NonNullable<ReturnType<ClusterFacts['role']>>) => TrustDecision,
): Step {
  const role = known(facts, arn);
  if (!isRole(role)) {
    const { mechanism, reason = '' } = role;
    return mechanism === 'none'
      ? { name, value: 'denied', text: reason }
      : {
          name,
          value: 'unknown',
          text: `the trust policy of role ${arn} decides`,
          unless: [gapOf(facts, arn, reason)],
        };
  }
  const { value, action = 'sts:AssumeRole', reason = '', uncertain, decision } = decide(role);
  if (value !== 'unknown') return { name, value, text: value === 'denied' ? `${action} is denied: ${reason}` : reason };
  const otherwise = decision?.value === 'allowed' ? 'allowed' : 'denied';
  return { name, value, otherwise, text: reason, unless: uncertain?.map(({ text }) => text) ?? [reason] };
}

/** Returns why an object could not be read. */
export function gapOf({ snapshot }: ClusterFacts, object: string, otherwise: string): string {
  const gap = snapshot.gaps.find((one) => one.object === object);
  return gap === undefined ? otherwise : `${gap.right}: ${gap.reason}`;
}
