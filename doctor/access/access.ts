import { contextKey } from '../../identity/policy/context-key.ts';
import { keysInPlaceOf } from '../../identity/policy/condition-keys.ts';
import { statementLabel, type ConditionContext, type Decision } from '../../identity/policy/index.ts';
import { decideWithin, type PolicySource } from '../facts/bounds.ts';
import type { ClusterFacts } from '../facts/cluster-facts.ts';
import { chainTrust, hasKey, policySources, POD_KEYS, sessionOf, sessionPolicy, unknownKeys } from '../facts/trust.ts';
import { accountOf, bucketOf, type Bucket, type Role } from '../snapshot/aws.ts';
import { gapOf, roleStep, type RoleSession, type Step } from './session.ts';

/** A request whose outcome is asked about. */
export interface AccessRequest {
  /** Such as `s3:GetObject`. */
  readonly action: string;
  /** ARN, or `*`. */
  readonly resource: string;
  /** Condition keys of the request. A key with an empty value is absent; `s3:ExistingObjectTag/` stands for the other tags. */
  readonly conditions?: Readonly<Record<string, string>>;
}

/** What decides about a resource besides the caller's policies. */
interface ResourceFacts {
  /** 12 digits; undefined if it is not known. */
  readonly account: string | undefined;
  readonly sources: readonly PolicySource[];
  readonly bucket?: Bucket;
}

/** Services with policies of resources (IAM User Guide, "AWS services that work with IAM"). Only S3's are read. */
const RESOURCE_POLICIES =
  /^(acm-pca|backup|codeartifact|codebuild|dynamodb|ecr|elasticfilesystem|es|events|execute-api|glacier|glue|iot|kafka|kinesis|kms|lambda|lex|logs|mediastore|ram|redshift|s3|s3-object-lambda|s3-outposts|s3express|s3tables|schemas|secretsmanager|serverlessrepo|ses|signer|sns|sqs|ssm|ssm-contacts|ssm-incidents|vpc-lattice):/;

/** Decides a request with a session, by the role's policies, boundary, session policy and the resource's policy. */
export function accessSteps(facts: ClusterFacts, session: RoleSession, request: AccessRequest): readonly Step[] {
  const role = facts.role(session.roleArn);
  if (role && /^sts:AssumeRole$/i.test(request.action))
    return [assumeStep(facts, 'access', { ...session, role }, request.resource)];
  const resource = resourceOf(facts, session, request);
  if (resource === null)
    return [{ name: 'access', value: 'denied', text: `the bucket of ${request.resource} does not exist` }];
  const sources = role ? policySources(role) : [unread(facts, session.roleArn)];
  const decide = (
    asked: AccessRequest,
    more: readonly PolicySource[],
    account = resource.account,
  ): ReturnType<typeof decideWithin> => {
    const context = contextOf(facts, session, role ?? undefined, asked, account);
    return decideWithin(
      {
        principal: principalOf(session, role),
        action: asked.action,
        resource: asked.resource,
        // An account that is not known is another one than the role's.
        resourceAccount: account ?? '',
        context,
      },
      [...sources, ...sessionPolicy(session.policy), ...more],
      (key) => isUnknown(key, { context, session, role, account, ...asked }),
    );
  };
  const key = keyRequest(facts, request, resource.bucket);
  return [
    stepOf('access', decide(request, resource.sources)),
    ...(key === undefined
      ? []
      : [stepOf('encryption', decide(key.request, [key.policy], accountOf(key.request.resource)))]),
  ];
}

/** Decides whether a session can assume a role with its transitive tags. */
export function assumeStep(
  facts: ClusterFacts,
  name: Step['name'],
  session: RoleSession & { readonly role: Role },
  arn: string,
): Step {
  const unknown = unknownKeys({ disableSessionTags: !session.isPodUnknown }, {});
  return roleStep(facts, name, arn, (target) => chainTrust(session, target, undefined, unknown));
}

const unread = (facts: ClusterFacts, arn: string): PolicySource => ({
  kind: 'identity',
  name: `the policies of role ${arn}`,
  reason: gapOf(facts, arn, 'the role could not be read'),
});

function principalOf({ roleArn, tags }: RoleSession, role: Role | null | undefined) {
  return sessionOf(role ?? { arn: roleArn, name: roleArn.split('/').at(-1) ?? '' }, tags);
}

/** Null: the bucket does not exist. */
function resourceOf(
  facts: ClusterFacts,
  { roleArn }: RoleSession,
  { action, resource }: AccessRequest,
): ResourceFacts | null {
  const own = accountOf(roleArn);
  const name = bucketOf(resource);
  if (name !== undefined) return ofBucket(facts, name, own);
  const hasPolicy = resource !== '*' && RESOURCE_POLICIES.test(action.toLowerCase());
  return {
    account: accountOf(resource) || own,
    sources: hasPolicy
      ? [{ kind: 'resource', name: `policy of ${resource}`, reason: 'only policies of buckets are read' }]
      : [],
  };
}

function ofBucket(facts: ClusterFacts, name: string, own: string): ResourceFacts | null {
  const bucket = facts.snapshot.aws?.buckets?.[name];
  const policy: PolicySource = { kind: 'resource', name: `policy of bucket ${name}` };
  if (bucket === null) return null;
  if (bucket === undefined)
    return { account: own, sources: [{ ...policy, reason: 'the snapshot does not contain it' }] };
  const { accountId: account, policy: text } = bucket;
  if (text === undefined) {
    const reason = gapOf(facts, name, 'it could not be read');
    return { account, bucket, sources: [{ ...policy, reason }] };
  }
  return { account, bucket, sources: text === null ? [] : [{ ...policy, text }] };
}

/** Returns the use of the key that encrypts a bucket's objects (S3 User Guide, "Using server-side encryption with AWS KMS keys"). */
function keyRequest(
  facts: ClusterFacts,
  { action }: AccessRequest,
  bucket: Bucket | undefined,
): { readonly request: AccessRequest; readonly policy: PolicySource } | undefined {
  if (bucket?.accountId === undefined || !/^s3:(get|put)object$/i.test(action)) return undefined;
  const { key, name, accountId } = bucket;
  // Every principal of the account may use the AWS managed key for S3.
  if (key === null || key === 'alias/aws/s3') return undefined;
  const { region = '' } = facts.snapshot.aws ?? {};
  const id = key === undefined || key.startsWith('alias/') ? '*' : key;
  const resource = id.startsWith('arn:') ? id : `arn:${facts.partition}:kms:${region}:${accountId}:key/${id}`;
  const policy: PolicySource =
    key === undefined
      ? { kind: 'resource', name: `encryption of bucket ${name}`, reason: gapOf(facts, name, 'it could not be read') }
      : { kind: 'resource', name: `policy of KMS key ${key}`, reason: 'policies of keys are not read' };
  const conditions = { 'kms:ViaService': `s3.${region}.amazonaws.com` };
  return {
    request: { action: /^s3:get/i.test(action) ? 'kms:Decrypt' : 'kms:GenerateDataKey', resource, conditions },
    policy,
  };
}

/** Condition keys with known values (IAM User Guide, "AWS global condition context keys"). Pods use TLS and current SDKs. */
function contextOf(
  { snapshot }: ClusterFacts,
  session: RoleSession,
  role: Role | undefined,
  { action, resource, conditions = {} }: AccessRequest,
  account: string | undefined,
): ConditionContext {
  const tags = { ...lowerCase(role?.tags ?? {}), ...lowerCase(session.tags) };
  const now = new Date(snapshot.takenAt);
  const given = Object.entries(conditions).filter(([, value]) => value !== '');
  return {
    ...Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:PrincipalTag/${key}`, value])),
    'aws:SecureTransport': 'true',
    'aws:ViaAWSService': 'false',
    'aws:MultiFactorAuthPresent': 'false',
    'aws:RequestedRegion': resource.split(':')[3] || (snapshot.aws?.region ?? ''),
    'aws:CurrentTime': now.toISOString(),
    'aws:EpochTime': String(Math.floor(now.getTime() / 1000)),
    'aws:TokenIssueTime': now.toISOString(),
    ...(action.toLowerCase().startsWith('s3:') && {
      's3:authType': 'REST-HEADER',
      's3:signatureversion': 'AWS4-HMAC-SHA256',
      's3:TlsVersion': '1.3',
      ...(account !== undefined && { 's3:ResourceAccount': account }),
    }),
    ...session.context,
    ...Object.fromEntries(given),
  };
}

const lowerCase = (tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(tags).map(([key, value]) => [key.toLowerCase(), value]));

/** Keys of the caller's network and organization, and of its program. */
const UNKNOWN_KEYS =
  /^aws:(source(ip|vpc)|vpc|useragent$|referer$|requesttag\/|tagkeys$|resourcetag\/|\w*org(id|paths)$)/;

interface AskedKey extends AccessRequest {
  readonly context: ConditionContext;
  readonly session: RoleSession;
  readonly role: Role | null | undefined;
  readonly account: string | undefined;
}

/** Whether the request may have the key, and its value is not known. Other keys are absent. */
function isUnknown(name: string, { context, conditions = {}, session, role, account, action }: AskedKey): boolean {
  const key = name.toLowerCase();
  if ([key, key.replace(/\/.*/, '/')].some((one) => hasKey(context, one) || hasKey(conditions, one))) return false;
  if (/^(aws|s3):resourceaccount$/.test(key)) return account === undefined;
  if (key === 'aws:userid') return role?.id === undefined;
  if (key.startsWith('aws:principaltag/')) return !role || (session.isPodUnknown && POD_KEYS.test(key));
  if (keysInPlaceOf(contextKey(name), action) !== undefined) return false;
  // Claims of issuers have keys with a dot.
  const [service = ''] = key.split(':');
  return service === 'aws' ? UNKNOWN_KEYS.test(key) : service === action.split(':')[0]?.toLowerCase();
}

export function stepOf(name: Step['name'], { value, decision, uncertain }: ReturnType<typeof decideWithin>): Step {
  const statements = statementsOf(decision);
  const otherwise = decision.value === 'allowed' ? 'allowed' : 'denied';
  return {
    name,
    value,
    text: decision.reason,
    ...(statements.length > 0 && { statements }),
    ...(value === 'unknown' && { otherwise, unless: uncertain.map(({ text }) => text) }),
  };
}

/** Explains the statements about the action and resource, in the words of `evaluate`. */
const statementsOf = ({ statements }: Decision): readonly string[] =>
  statements
    .filter(({ actionMatched, resourceMatched }) => actionMatched === true && resourceMatched !== false)
    .map((one) => `${one.policy}, ${statementLabel(one)} (${one.effect}): ${one.reason}`);
