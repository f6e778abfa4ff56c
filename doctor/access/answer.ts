import type { Session } from '../../identity/question.ts';
import { statementProblems } from '../../identity/policy/actions.ts';
import type { ClusterFacts } from '../facts/cluster-facts.ts';
import { identityOf, type Mechanism } from '../facts/identity.ts';
import { annotatedAccounts } from '../facts/irsa.ts';
import { chainPath, decidePath, policySources } from '../facts/trust.ts';
import { bucketOf, type AwsObjects, type OrganizationReading, type Role } from '../snapshot/aws.ts';
import { accessParts, accessSteps, type AccessRequest } from './access.ts';
import { hasWildcard } from './parts.ts';
import { isTemplate, skippedContainers } from './pod-templates.ts';
import { pathOf, stepOf, type AccountPath, type Asker, type AccessStep } from './session.ts';
import { accountOf } from '../../identity/role.ts';

/** The answer to whether a service account may make a request. */
export interface AccessAnswer extends Asker, AccessRequest {
  readonly cluster: string;
  /** The answer for every resource that the question names. */
  readonly value: AccessStep['value'];
  /** The answer for at least one of the resources, if the question has a wildcard. */
  readonly some?: AccessStep['value'];
  /** The answer without the parts that are not known, if it is unknown. */
  readonly otherwise?: 'allowed' | 'denied';
  readonly mechanism: Mechanism;
  /** The roles on the way, the last one makes the request. */
  readonly roles: readonly string[];
  readonly steps: readonly AccessStep[];
  /** What could change an unknown answer. */
  readonly unless: readonly string[];
  readonly notes: readonly string[];
  /** Whose service and resource control policies the answer includes, as a sentence. */
  readonly organization: string;
}

/** Policies that `can` never reads; each answer lists them. */
export const NOT_READ = [
  'policies of VPC endpoints outside the VPC of the cluster',
  'Block Public Access and access control lists of S3',
] as const;

export function answerOf(facts: ClusterFacts, asker: Asker, request: AccessRequest): AccessAnswer {
  const path = pathOf(facts, asker);
  const answer = answered(facts, asker, request, path);
  const notes = asker.pod === undefined ? otherPods(facts, asker, path) : [];
  return { ...answer, notes: [...notes, ...answer.notes] };
}

function answered(
  facts: ClusterFacts,
  asker: Asker,
  request: AccessRequest,
  { mechanism, steps, roles, session }: AccountPath,
): AccessAnswer {
  // Without credentials there is no request.
  const isOver = session === undefined || steps.some(({ value }) => value === 'denied');
  const parts = !isOver && hasWildcard(request.resource) ? partsWith(facts, session, request) : undefined;
  const all = [
    ...steps,
    ...(isOver ? [] : (parts?.flatMap((part) => part.steps) ?? accessSteps(facts, session, request))),
  ];
  const unread = isOver ? [] : unreadOrganization(facts, [...roles, request.resource]);
  all.push(...unread);
  const value = valueOf(all);
  const some = parts?.map((part) => valueOf([...steps, ...part.steps, ...unread]));
  const isLikely = all.every((step) => step.value === 'allowed' || step.otherwise === 'allowed');
  return {
    cluster: facts.snapshot.context,
    ...asker,
    ...request,
    value,
    ...(some && { some: some.find((one) => one === 'allowed') ?? some.find((one) => one === 'unknown') ?? 'denied' }),
    ...(value === 'unknown' && { otherwise: isLikely ? 'allowed' : 'denied' }),
    mechanism,
    roles,
    steps: all,
    unless:
      value === 'unknown' || some?.includes('unknown') ? [...new Set(all.flatMap(({ unless = [] }) => unless))] : [],
    notes: policyNotes(facts, roles, request),
    organization: organizationText(facts, [...roles, request.resource]),
  };
}

const UNREAD: Extract<OrganizationReading, { state: 'unread' }> = {
  state: 'unread',
  reason: 'the snapshot is of an earlier version',
};

/** Returns an unknown step if policies of the organization, which were not read, may deny the request. */
function unreadOrganization({ snapshot: { aws } }: ClusterFacts, arns: readonly string[]): readonly AccessStep[] {
  const reading = aws?.organization ?? UNREAD;
  const accounts = accountsIn(aws, arns);
  // Organization policies do not restrict the management account.
  if (reading.state !== 'unread' || (accounts.size === 1 && accounts.has(reading.managementAccount))) return [];
  const text = `a service or resource control policy of the organization, which was not read (${reading.reason})`;
  return [{ name: 'organization', value: 'unknown', otherwise: 'allowed', text, unless: [text] }];
}

const accountsIn = (aws: AwsObjects | undefined, arns: readonly string[]): ReadonlySet<string | undefined> =>
  new Set(arns.map((arn) => accountOf(arn) || aws?.accountId));

/** Says whose policies the answer includes. `arns`: its roles and resource. */
function organizationText({ snapshot: { aws } }: ClusterFacts, arns: readonly string[]): string {
  const reading = aws?.organization ?? UNREAD;
  if (reading.state === 'none') return `no service or resource control policy, because ${reading.reason}`;
  if (reading.state === 'unread') return `not read (${reading.reason}). Give --organization FILE or --no-organization`;
  const { id = 'policies', notes = [], otherAccounts, targets } = reading.organization;
  const outside = [...accountsIn(aws, arns)].filter((one) => one && otherAccounts === undefined && !(one in targets));
  const bound = `Policies of other organizations are not read, so none restricts ${outside.join(', ')}`;
  return [`${id} of ${reading.from}`, ...notes, ...(outside.length > 0 ? [bound] : [])].join('. ');
}

const valueOf = (steps: readonly AccessStep[]): AccessStep['value'] =>
  (['denied', 'unknown'] as const).find((value) => steps.some((step) => step.value === value)) ?? 'allowed';

/** Returns the decisions about each part of the resources. */
function partsWith(
  facts: ClusterFacts,
  session: Session,
  request: AccessRequest,
): readonly { readonly steps: readonly AccessStep[] }[] {
  const parts = accessParts(facts, session, request);
  if (parts === undefined || parts.length === 0) {
    const text = `the resources of ${request.resource} could not be divided by those of the policies`;
    return [{ steps: [{ name: 'access', value: 'unknown', text, unless: [text], otherwise: 'denied' }] }];
  }
  return parts.map(({ patterns, example }) => ({
    steps: accessSteps(facts, session, { ...request, resource: example }).map(({ statements = [], ...step }) => ({
      ...step,
      ...(parts.length === 1 && { statements }),
      resources:
        patterns.join(' and ') || (parts.length === 1 ? request.resource : `other resources, such as ${example}`),
    })),
  }));
}

/** Notes actions that no service has, in policies of the roles and of the bucket. */
function policyNotes(facts: ClusterFacts, roles: readonly string[], { resource }: AccessRequest): readonly string[] {
  const bucket = bucketOf(resource) ?? '';
  const sources = roles.flatMap((arn) => {
    const role = facts.role(arn);
    return role ? [{ name: `trust policy of role ${role.name}`, text: role.trustPolicy }, ...policySources(role)] : [];
  });
  const all = [...sources, { name: `policy of bucket ${bucket}`, text: facts.snapshot.aws?.buckets?.[bucket]?.policy }];
  return all.flatMap(({ name, text }) => statementProblems(text ?? '{}').map((problem) => `${name}, ${problem}`));
}

/** Notes pods that have another identity than a new pod would have. */
function otherPods(facts: ClusterFacts, { namespace, serviceAccount }: Asker, path: AccountPath): readonly string[] {
  return facts.podsOf(namespace, serviceAccount).flatMap((pod) => {
    if (isTemplate(pod)) return skippedContainers(pod).map((one) => `${one} gets no credentials.`);
    const { mechanism, roleArn } = identityOf(facts, pod);
    const isSame = mechanism === path.mechanism && (roleArn ?? path.roles.at(-1)) === path.roles.at(-1);
    return isSame || mechanism === 'none' || mechanism === 'unknown'
      ? []
      : [`pod ${pod.metadata.name} still has ${roleArn ?? mechanism} (--pod ${pod.metadata.name}).`];
  });
}

/** Returns the ways in which service accounts of the cluster can make a request, also by one further role. */
export function whoCan(facts: ClusterFacts, request: AccessRequest): readonly AccessAnswer[] {
  return askersOf(facts)
    .flatMap((asker) => {
      const path = pathOf(facts, asker);
      const direct = answered(facts, asker, request, path);
      return [direct, ...assumed(facts, asker, request, path)];
    })
    .filter(({ value, some = value }) => some !== 'denied');
}

/** Returns service accounts with an identity, and service accounts with pods, which may use their node's role. */
export function askersOf(facts: ClusterFacts): readonly Asker[] {
  const all = [
    ...facts.associations.map(({ namespace, serviceAccount }) => ({ namespace, serviceAccount })),
    ...annotatedAccounts(facts).map(({ account: { metadata } }) => ({
      namespace: metadata.namespace ?? '',
      serviceAccount: metadata.name,
    })),
    ...facts.pods.map(({ metadata, serviceAccountName }) => ({
      namespace: metadata.namespace ?? '',
      serviceAccount: serviceAccountName,
    })),
  ];
  const existing = all.filter(({ namespace, serviceAccount }) => facts.serviceAccount(namespace, serviceAccount));
  const unique = new Map(existing.map((one) => [`${one.namespace}/${one.serviceAccount}`, one]));
  return [...unique].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

function assumed(
  facts: ClusterFacts,
  asker: Asker,
  request: AccessRequest,
  path: AccountPath,
): readonly AccessAnswer[] {
  const role = path.session && facts.role(path.session.principal.roleArn);
  if (!role || path.steps.some(({ value }) => value === 'denied')) return [];
  return Object.values(facts.snapshot.aws?.roles ?? {}).flatMap((target) =>
    target && target.arn !== role.arn && mayTrust(target, role)
      ? answerThrough(facts, asker, request, target.arn, path)
      : [],
  );
}

/** Returns the answer for a request with another role, which the service account's role assumes. */
export function answerThrough(
  facts: ClusterFacts,
  asker: Asker,
  request: AccessRequest,
  targetArn: string,
  path = pathOf(facts, asker),
): AccessAnswer {
  if (path.session === undefined) return answered(facts, asker, request, path);
  const { decisions, result: session } = decidePath(facts, chainPath(facts, path.session, targetArn));
  const steps = [...path.steps, ...decisions.map(stepOf)];
  return answered(facts, asker, request, { ...path, steps, session, roles: [...new Set([...path.roles, targetArn])] });
}

/** Whether a trust policy may name a role, its account or everyone. This is quicker than an evaluation. */
const mayTrust = ({ trustPolicy }: Role, { arn }: Role): boolean =>
  trustPolicy.includes(arn) ||
  /"\*"/.test(trustPolicy) ||
  new RegExp(`"${accountOf(arn)}"|::${accountOf(arn)}:root`).test(trustPolicy);
