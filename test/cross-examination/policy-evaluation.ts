/**
 * A second policy evaluator, only for tests. It follows the IAM User Guide, "Policy evaluation logic", "Cross-account policy
 * evaluation logic" and "IAM JSON policy element reference", and is independent of the engine under test. It is slow and does not
 * explain its answers.
 */
import { charactersOf, conditionIsTrue, isLike, type RequestContext } from './condition-operators.ts';

type OneOrMore<T> = T | readonly T[];
type Scalar = string | number | boolean;

export interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: PrincipalElement;
  readonly NotPrincipal?: PrincipalElement;
  readonly Action?: OneOrMore<string>;
  readonly NotAction?: OneOrMore<string>;
  readonly Resource?: OneOrMore<string>;
  readonly NotResource?: OneOrMore<string>;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, OneOrMore<Scalar>>>>>;
}
type PrincipalElement = '*' | Readonly<Record<string, OneOrMore<string>>>;

export interface PolicyDocument {
  readonly Version?: string;
  readonly Statement: OneOrMore<Statement>;
}

/** A question in the format of `npm run evaluate`. */
export interface Question {
  readonly request: {
    readonly principal: string;
    readonly action: string;
    readonly resource: string;
    /** Account that owns the resource, 12 digits. */
    readonly resourceAccount: string;
    readonly context: Readonly<Record<string, OneOrMore<string>>>;
  };
  readonly identityPolicies?: readonly PolicyDocument[];
  readonly resourcePolicy?: PolicyDocument;
  readonly trustPolicy?: PolicyDocument;
  readonly sessionPolicy?: readonly PolicyDocument[];
  readonly permissionsBoundary?: PolicyDocument;
  /** Policies of each level, from the root of the organization to the account. */
  readonly scps?: readonly (readonly PolicyDocument[])[];
  readonly rcps?: readonly (readonly PolicyDocument[])[];
  readonly managementAccount?: string;
}

export type PolicyDecision = 'allowed' | 'implicitlyDenied' | 'explicitlyDenied';

/** Receives the result of each evaluated element and step: of `NotResource`, `ForAnyValue:StringLike`, `session policy`. */
export type Witness = (element: string, matched: boolean) => void;

/** The caller. */
export interface Requester {
  readonly type: 'session' | 'user' | 'root' | 'service' | 'federated' | 'anonymous';
  readonly account?: string;
  /** Its names in a Principal element, from the account down. */
  readonly names: readonly string[];
  /** Its condition keys ("AWS global condition context keys", properties of the principal). */
  readonly keys: Readonly<Record<string, string>>;
}

export function evaluate(question: Question, witness: Witness = () => undefined): PolicyDecision {
  const { action, resourceAccount } = question.request;
  const requester = requesterOf(question.request.principal);
  // Security Token Service API Reference, GetCallerIdentity: signed callers need no permission, and a Deny has no effect.
  if (action === 'sts:GetCallerIdentity' && requester.account !== undefined) return 'allowed';
  const { identityPolicies = [], sessionPolicy, permissionsBoundary: boundary, trustPolicy } = question;
  const resourceBased = trustPolicy ?? question.resourcePolicy;
  const scene = { question, requester, context: contextOf(question, requester), witness };
  const applying = (effect: string, ...policies: readonly (PolicyDocument | undefined)[]): Statement[] =>
    policies.flatMap((policy) =>
      policy === undefined
        ? []
        : list(policy.Statement).filter((one) => one.Effect === effect && applies(one, policy, scene)),
    );

  const { scps = [], rcps = [] } = organizationPoliciesOf(question, requester);
  if (applying('Deny', ...scps.flat(), ...rcps.flat()).length > 0) {
    witness('organization policies', false);
    return 'explicitlyDenied';
  }
  if (applying('Deny', ...identityPolicies, ...(sessionPolicy ?? []), boundary, resourceBased).length > 0) {
    return 'explicitlyDenied';
  }
  const answer = (allowed: boolean): PolicyDecision => (allowed ? 'allowed' : 'implicitlyDenied');
  // An Allow with NotPrincipal is for everybody else ("NotPrincipal with Allow").
  const granted = applying('Allow', resourceBased).map(({ Principal = '*' }) => namedBy(Principal, requester));
  // Callers without an identity in an account only get permissions from the resource.
  if (requester.account === undefined) return answer(granted.length > 0);

  // AWS Organizations User Guide, "SCP evaluation": every level must allow.
  const filtered = scps.every((level) => applying('Allow', ...level).length > 0);
  if (scps.length > 0) witness('organization policies', filtered);
  if (!filtered) return 'implicitlyDenied';

  const identityAllows = requester.type === 'root' || applying('Allow', ...identityPolicies).length > 0;
  const admits = (limit: string, policies: readonly PolicyDocument[] | undefined): boolean => {
    const allowed = policies === undefined || applying('Allow', ...policies).length > 0;
    if (policies !== undefined) witness(limit, allowed);
    return allowed;
  };
  const withinBoundary = admits('permissions boundary', boundary && [boundary]);
  const notLimited = admits('session policy', sessionPolicy) && withinBoundary;
  if (requester.account !== resourceAccount) return answer(granted.length > 0 && identityAllows && notLimited);
  // "Resource-based policies and implicit denies in other policy types (same account)".
  const named = ['*', 'itself', 'role', 'account'].find((name) => granted.includes(name)) ?? 'nobody';
  witness(`a resource-based policy that allows ${named}`, notLimited);
  if (named === '*' || named === 'itself') return answer(true);
  if (named === 'role') return answer(notLimited);
  // A trust policy and a key policy ("Key policies in AWS KMS") must allow explicitly. Policies of other resources need not.
  const isKey = /^kms:/i.test(action) && /^arn:[^:]*:kms:[^:]*:[^:]*:key\//.test(question.request.resource);
  const mustAllow = trustPolicy !== undefined || (isKey && resourceBased !== undefined);
  return answer(identityAllows && notLimited && (!mustAllow || granted.length > 0));
}

/** Returns the organization policies that have an effect ("SCP effects on permissions", "Resources and entities not restricted by RCPs"). */
function organizationPoliciesOf(
  { request, scps, rcps, managementAccount }: Question,
  { account, type }: Requester,
): Pick<Question, 'scps' | 'rcps'> {
  const linked = 'role/aws-service-role/';
  if (type === 'session' && request.principal.includes(linked)) return {};
  const [service = '', name] = request.action.toLowerCase().split(':');
  const assumesLinked = service === 'sts' && request.resource.includes(linked);
  const isControlled =
    WITH_RCPS.includes(service) &&
    request.resourceAccount !== managementAccount &&
    !assumesLinked &&
    name !== 'retiregrant';
  return {
    ...(account !== undefined && account !== managementAccount && scps && { scps }),
    ...(isControlled && rcps && { rcps }),
  };
}

/** Some of the services with RCPs. */
const WITH_RCPS = ['s3', 'sts', 'sqs', 'kms', 'secretsmanager', 'dynamodb', 'ecr', 'logs'];

interface Scene {
  readonly question: Question;
  readonly requester: Requester;
  readonly context: RequestContext;
  readonly witness: Witness;
}

function applies(statement: Statement, policy: PolicyDocument, scene: Scene): boolean {
  const { request, permissionsBoundary } = scene.question;
  const substitution = { context: scene.context, variables: policy.Version === '2012-10-17' };
  const reached = (element: string, matched: boolean): boolean => {
    scene.witness(element, matched);
    return matched;
  };
  const { Principal, NotPrincipal, Action, NotAction, Resource, NotResource, Condition = {} } = statement;
  const isAction = (pattern: string): boolean =>
    isLike(
      request.action.toLowerCase(),
      charactersOf(pattern.toLowerCase(), { ...substitution, variables: false }) ?? [],
    );
  const isResource = (pattern: string): boolean =>
    resourceIsLike(request.resource, charactersOf(pattern, substitution));
  return (
    (Principal === undefined || reached('Principal', namedBy(Principal, scene.requester) !== undefined)) &&
    (NotPrincipal === undefined ||
      reached(
        'NotPrincipal',
        !isExempt(statement.Effect, NotPrincipal, scene.requester, permissionsBoundary !== undefined),
      )) &&
    (Action === undefined || reached('Action', list(Action).some(isAction))) &&
    (NotAction === undefined || reached('NotAction', !list(NotAction).some(isAction))) &&
    (Resource === undefined || reached('Resource', list(Resource).some(isResource))) &&
    (NotResource === undefined || reached('NotResource', !list(NotResource).some(isResource))) &&
    Object.entries(Condition).every(([operator, keys]) =>
      Object.entries(keys).every(([key, values]) =>
        reached(operator, conditionIsTrue(operator, key, list(values).map(String), substitution)),
      ),
    )
  );
}

/**
 * "IAM JSON policy elements: Resource": wildcards match within a segment of the ARN; an asterisk at the end of a segment
 * also matches colons. The sixth segment, the resource, is everything after the fifth colon.
 */
function resourceIsLike(resource: string, pattern: ReturnType<typeof charactersOf>): boolean {
  if (pattern === undefined) return false;
  const isColon = (character: unknown): boolean => (character as { literal?: string } | undefined)?.literal === ':';
  const [, , , , fifthColon = pattern.length] = [...pattern.keys()].filter((place) => isColon(pattern[place]));
  return isLike(resource, pattern, (place) => {
    const endsItsSegment = place === pattern.length - 1 || isColon(pattern[place + 1]);
    return place > fifthColon || (pattern[place] === '*' && endsItsSegment) ? '[^]' : '[^:]';
  });
}

/** Returns the part of the caller that a Principal element names: everybody, the caller, its role or its account. */
function namedBy(element: PrincipalElement | undefined, requester: Requester): string | undefined {
  if (element === undefined) return undefined;
  if (element === '*') return '*';
  const named = Object.values(element).flatMap((names) => list(names).map(accountArn));
  // "All principals": a wildcard means everybody, including anonymous callers and services.
  if (named.includes('*')) return '*';
  if (requester.account === undefined)
    return requester.names.some((name) => named.includes(name)) ? 'itself' : undefined;
  const [account, ...below] = requester.names;
  const itself = below.at(-1);
  if (itself !== undefined && named.includes(itself)) return 'itself';
  if (below.some((name) => named.includes(name))) return 'role';
  return account !== undefined && named.includes(account) ? 'account' : undefined;
}

/**
 * Returns whether NotPrincipal exempts a caller ("AWS JSON policy elements: NotPrincipal"). An Allow exempts callers that
 * Principal would name. A Deny exempts a caller if its account and, for a session, its role are listed. A role listed without a session
 * stands for all its sessions. A Deny never exempts callers with a permissions boundary.
 */
function isExempt(effect: string, element: PrincipalElement, requester: Requester, hasBoundary: boolean): boolean {
  const { type, names } = requester;
  if (effect === 'Allow') return namedBy(element, requester) !== undefined;
  if (hasBoundary) return false;
  if (namedBy(element, requester) === '*') return true;
  const named = Object.values(element).flatMap((one) => list(one).map(accountArn));
  const [, role = ''] = names;
  const sessions = `${role.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/`;
  const wanted = type === 'session' && !named.some((name) => name.startsWith(sessions)) ? names.slice(0, -1) : names;
  return wanted.length > 0 && wanted.every((name) => named.includes(name));
}

/** Expands the short form of an account, which is its number. */
const accountArn = (name: string): string => name.replace(/^\d{12}$/, 'arn:aws:iam::$&:root');

export function requesterOf(principal: string): Requester {
  if (principal === '*') {
    return {
      type: 'anonymous',
      names: [],
      keys: { 'aws:PrincipalType': 'Anonymous', 'aws:PrincipalAccount': 'anonymous' },
    };
  }
  if (principal.endsWith('.amazonaws.com')) {
    return { type: 'service', names: [principal], keys: { 'aws:PrincipalServiceName': principal } };
  }
  if (principal.includes('-provider/')) return { type: 'federated', names: [principal], keys: {} };
  const account = principal.split(':')[4] ?? '';
  const root = `arn:aws:iam::${account}:root`;
  const [kind, ...names] = (principal.split(':')[5] ?? '').split('/');
  const keys = { 'aws:PrincipalAccount': account, 'aws:PrincipalArn': principal };
  if (kind === 'root')
    return { type: 'root', account, names: [root], keys: { ...keys, 'aws:PrincipalType': 'Account' } };
  if (kind === 'user') {
    const type = { 'aws:PrincipalType': 'User', 'aws:username': names.at(-1) ?? '' };
    return { type: 'user', account, names: [root, principal], keys: { ...keys, ...type } };
  }
  const role = `arn:aws:iam::${account}:role/${names[0]}`;
  const ofRole = { 'aws:PrincipalArn': role, 'aws:PrincipalType': 'AssumedRole' };
  return { type: 'session', account, names: [root, role, principal], keys: { ...keys, ...ofRole } };
}

function contextOf({ request }: Question, { type, keys }: Requester): RequestContext {
  const all = {
    ...keys,
    // Only for signed requests.
    ...(type !== 'anonymous' && type !== 'federated' && { 'aws:PrincipalIsAWSService': String(type === 'service') }),
    'aws:ResourceAccount': request.resourceAccount,
    ...request.context,
  };
  return new Map(Object.entries(all).map(([key, value]) => [key.toLowerCase(), value]));
}

function list<T>(value: OneOrMore<T>): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}
