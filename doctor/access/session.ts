import { HarnessError } from '../../foundation/node/errors.ts';
import { suggestion } from '../../foundation/node/nearest.ts';
import type { ClusterFacts } from '../facts/cluster-facts.ts';
import type { PodSubject } from '../../identity/pod-identity.ts';
import { statementLabel, type Decision } from '../../identity/policy/index.ts';
import type { Session, Stage } from '../../identity/question.ts';
import { webIdentitySession } from '../../identity/web-identity.ts';
import {
  audienceOf,
  credentialSource,
  providerFor,
  subjectOf,
  type Mechanism,
  type PredictedIdentity,
} from '../facts/identity.ts';
import { containersOf, credentialsOf } from '../facts/injection.ts';
import { providerArnFor, roleAnnotation } from '../facts/irsa.ts';
import { associationPath, decidePath, identityRole, roleSession, type StageDecision } from '../facts/trust.ts';
import type { Pod } from '../snapshot/kubernetes.ts';
import { isTemplate, podLabel, skippedContainers } from './pod-templates.ts';

/** The flag that stands for an association or annotation which files lack. A gap has it as its right. */
export const ASSUME = '--assume-association';
/** Rights of gaps: the files give the service account no role, or a value that decides about its identity is not known. */
export const ABSENT = 'an association or annotation';
export const UNSURE = 'a value after deployment';

/** One decision on the way from a service account to a resource. */
export interface AccessStep {
  readonly name: 'identity' | 'endpoint' | 'organization' | Stage;
  readonly value: 'allowed' | 'denied' | 'unknown';
  readonly text: string;
  /** The resources that it is about, if the question has a wildcard. */
  readonly resources?: string;
  /** Explanations of the statements about the action and resource. */
  readonly statements?: readonly string[];
  /** The unknown parts that the step depends on. */
  readonly unless?: readonly string[];
  /** The decision without the unknown parts. */
  readonly otherwise?: 'allowed' | 'denied';
}

/** How a service account gets its role. There is no session if the service account gets no role, or an unknown one. */
export interface AccountPath {
  readonly mechanism: Mechanism;
  readonly steps: readonly AccessStep[];
  /** The ARNs of the roles that the pod assumes, in order. */
  readonly roles: readonly string[];
  readonly session?: Session | undefined;
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
export function pathOf(facts: ClusterFacts, asker: Asker): AccountPath {
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
  const [absent] = fileGaps(facts, asker, ABSENT);
  if (absent !== undefined) return failed('none', 'denied', absent);
  if (facts.association(namespace, serviceAccount)) return byPodIdentity(facts, subject);
  const roleArn = account && roleAnnotation(account);
  const audience = account?.metadata.annotations?.['eks.amazonaws.com/audience'] ?? 'sts.amazonaws.com';
  if (roleArn) return byToken(facts, roleArn, audience, subject);
  const unsure = fileGaps(facts, asker, UNSURE);
  if (unsure.length > 0) return failed('unknown', 'unknown', unsure.join(' and '));
  const [pod] = pods;
  return pod
    ? ofPod(facts, pod)
    : failed(
        'unknown',
        'unknown',
        'it has no association and no role annotation; its pods may use the role of their node',
      );
}

/** Returns what files lack about a service account. */
const fileGaps = (
  { snapshot }: ClusterFacts,
  { namespace, serviceAccount }: Omit<PodSubject, 'pod'>,
  kind: string,
): readonly string[] =>
  snapshot.gaps
    .filter(({ right, object }) => right === kind && object === `${namespace}/${serviceAccount}`)
    .map(({ reason }) => reason);

function missing(sentence: string, name: string, names: readonly string[]): HarnessError {
  const hint = names.length === 0 ? 'it has none.' : suggestion(name, names, undefined, 'see `kubectl get`');
  return new HarnessError('BAD_FILE', `${sentence} "${name}": ${hint}`);
}

const failed = (mechanism: Mechanism, value: 'denied' | 'unknown', text: string): AccountPath => ({
  mechanism,
  roles: [],
  steps: [{ name: 'identity', value, text, ...(value === 'unknown' && { unless: [text] }) }],
});

const INSTANCE_KEYS = { 'ec2:': '', 'aws:Ec2InstanceSourceVpc': '', 'aws:Ec2InstanceSourcePrivateIPv4': '' };

const preferredBy = (pod: Pod) => containersOf(pod).find((one) => credentialsOf(one).preferred.length > 0);

function ofPod(facts: ClusterFacts, pod: Pod): AccountPath {
  const container = preferredBy(pod) ?? pod.containers[0];
  const { mechanism, roleArn = '', reason = '' } = credentialSource(facts, pod, container);
  const subject = subjectOf(pod);
  switch (mechanism) {
    case 'web-identity':
      return byToken(facts, roleArn, audienceOf(pod, container), subject);
    case 'pod-identity':
      return byPodIdentity(facts, subject);
    case 'node-role': {
      const text = `pod ${pod.metadata.name} has no identity of its own and uses the role of its node, ${roleArn}`;
      const opened = roleSession(roleArn, facts.role(roleArn), Date.parse(facts.snapshot.takenAt));
      // Credentials of instances have keys of the instance (IAM User Guide, "AWS global condition context keys").
      const session = { ...opened, unknown: { ...opened.unknown, ...INSTANCE_KEYS } };
      return { mechanism, roles: [roleArn], steps: [{ name: 'identity', value: 'allowed', text }], session };
    }
    default:
      return failed(mechanism, mechanism === 'none' ? 'denied' : 'unknown', `pod ${pod.metadata.name}: ${reason}`);
  }
}

/** Returns the step of a role that a service account has. Files may lack it, and pods may set other credentials. */
function identity(facts: ClusterFacts, subject: PodSubject, mechanism: Mechanism, text: string): AccessStep {
  const { namespace, serviceAccount, pod: named } = subject;
  const account = `${namespace}/${serviceAccount}`;
  const step = { name: 'identity', value: 'unknown' } as const;
  if (fileGaps(facts, subject, ASSUME).length > 0) {
    const missing = `an association of ${account} with this role only, or an annotation, which the files do not contain (${ASSUME} asks as if they did)`;
    return { ...step, otherwise: 'denied', text: missing, unless: [missing] };
  }
  const pods = named === undefined ? facts.podsOf(namespace, serviceAccount) : [];
  const templates = pods.filter(isTemplate);
  const skipped = templates.flatMap(skippedContainers);
  if (skipped.length > 0 && skipped.length === templates.flatMap(containersOf).length)
    return {
      ...step,
      value: 'denied',
      text: `${skipped.join(' and ')}: the webhook or the agent does not serve them, so none gets credentials`,
    };
  const keys = [...fileGaps(facts, subject, UNSURE), ...pods.flatMap((pod) => ownCredentials(pod, mechanism))];
  if (keys[0] === undefined) return { name: 'identity', value: 'allowed', text };
  return { ...step, otherwise: 'allowed', text: `${text}, but ${keys[0]}`, unless: keys };
}

/** Says which containers prefer their own variables to the service account's credentials. */
function ownCredentials(pod: Pod, mechanism: Mechanism): readonly string[] {
  const [container] = [preferredBy(pod)].filter((one) => one !== undefined);
  if (container) {
    const variables = credentialsOf(container).preferred.join(', ');
    return [`container ${container.name} of ${podLabel(pod)} sets ${variables}, which SDKs prefer`];
  }
  // The webhook keeps a container's own variables for tokens.
  const injected = isTemplate(pod) && mechanism === 'pod-identity' ? containersOf(pod) : [];
  const [other] = injected.filter((one) => credentialsOf(one).webIdentityRole !== undefined);
  return other
    ? [`container ${other.name} of ${podLabel(pod)} sets AWS_WEB_IDENTITY_TOKEN_FILE, which SDKs prefer`]
    : [];
}

function byPodIdentity(facts: ClusterFacts, subject: PodSubject): AccountPath {
  const mechanism = 'pod-identity';
  const association = facts.association(subject.namespace, subject.serviceAccount);
  if (facts.snapshot.aws?.associations === undefined)
    return failed(mechanism, 'unknown', 'the associations of the cluster could not be read');
  if (association === undefined)
    return failed(mechanism, 'denied', 'the service account has no association, so the agent refuses its token');
  const { associationId, roleArn, targetRoleArn } = association;
  const path = associationPath(facts, association, subject);
  if (path === undefined) return failed(mechanism, 'unknown', 'the cluster could not be read');
  const { decisions, result: session } = decidePath(facts, path);
  const text = `EKS Pod Identity: association ${associationId} gives it role ${roleArn}`;
  return {
    mechanism,
    roles: [roleArn, ...(targetRoleArn === undefined ? [] : [targetRoleArn])],
    steps: [identity(facts, subject, mechanism, text), ...decisions.map(stepOf)],
    session,
  };
}

function byToken(facts: ClusterFacts, roleArn: string, audience: string, subject: PodSubject): AccountPath {
  const provider = providerFor(facts, roleArn, audience);
  const { issuer = 'unknown-issuer.invalid' } = facts;
  // The ARN that the provider would have.
  const oidcProvider = 'mechanism' in provider ? { arn: providerArnFor(roleArn, issuer), issuer } : provider;
  const role = identityRole(roleArn, facts.role(roleArn));
  const issuedAt = Date.parse(facts.snapshot.takenAt);
  const path = webIdentitySession({ provider: oidcProvider, subject, audience, role, issuedAt });
  const { decisions, result: session } = decidePath(facts, path);
  const isDenied = decisions.some(
    ({ value, decision }) => value === 'denied' && (facts.issuer !== undefined || decision === undefined),
  );
  const trust: AccessStep[] = 'mechanism' in provider && !isDenied ? [providerStep(provider)] : decisions.map(stepOf);
  const steps = [identity(facts, subject, 'web-identity', `IRSA: its annotation names role ${roleArn}`), ...trust];
  return { mechanism: 'web-identity', roles: [roleArn], steps, session };
}

const providerStep = ({ mechanism, reason = '' }: PredictedIdentity): AccessStep =>
  mechanism === 'none'
    ? { name: 'trust', value: 'denied', text: `sts:AssumeRoleWithWebIdentity is denied: ${reason}` }
    : { name: 'trust', value: 'unknown', text: reason, unless: [reason] };

/** Explains a decision. */
export function stepOf({
  stage: name,
  value,
  action,
  reason: text = '',
  uncertain,
  decision,
}: StageDecision): AccessStep {
  const isRequest = name === 'access' || name === 'encryption';
  const statements = isRequest && decision ? statementsOf(decision) : [];
  const base = { name, value, ...(statements.length > 0 && { statements }) };
  if (value !== 'unknown')
    return { ...base, text: value === 'denied' && !isRequest ? `${action} is denied: ${text}` : text };
  const otherwise = decision?.value === 'allowed' ? 'allowed' : 'denied';
  return {
    ...base,
    otherwise,
    text: isRequest ? (decision?.reason ?? text) : text,
    unless: uncertain?.map((one) => one.text) ?? [text],
  };
}

/** Explains the statements about the action and resource, in the words of `evaluate`. */
const statementsOf = ({ statements }: Decision): readonly string[] =>
  statements
    .filter(({ actionMatched, resourceMatched }) => actionMatched === true && resourceMatched !== false)
    .map((one) => `${one.policy}, ${statementLabel(one)} (${one.effect}): ${one.reason}`);
