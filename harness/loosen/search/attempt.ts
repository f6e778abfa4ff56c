import type { Principal, RoleSession, SessionTag } from '../../../identity/policy/principal.ts';
import { contextOf, type RequestContext } from '../../../identity/policy/global-keys.ts';
import { remembered } from '../../../foundation/node/remembered.ts';
import { keyed, resourceTagKeys } from '../../../identity/policy/tag-context.ts';
import {
  authorize,
  type AuthorizationInput,
  type CompiledPolicy,
  type ConditionContext,
} from '../../../identity/policy/index.ts';
import { sessionTagContext as requestTagContext } from '../../../identity/session-tags.ts';
import { globalContexts } from '../../../identity/policy/global-context.ts';
import { associationOf, bucketOf, placeOf } from '../../scenario/parts.ts';
import type { Expectation, WorkloadSpec } from '../../scenario/spec.ts';
import { audienceOf, subjectOf } from './grant.ts';
import { REGION, type Scene, type SceneRole } from './scene.ts';

/** Parameters of AssumeRole. */
export interface Assumption {
  readonly role: string;
  readonly externalId?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

type OnObject = 'getObject' | 'putObject' | 'deleteObject' | 'getObjectTagging';
export type Call =
  | { readonly do: 'credentials' }
  | { readonly do: 'assumeRole'; readonly step: Assumption }
  | { readonly do: OnObject; readonly at: string; readonly tags?: Readonly<Record<string, string>> }
  | { readonly do: 'listObjects'; readonly bucket: string; readonly prefix?: string };

export interface Attempt {
  readonly workload: WorkloadSpec;
  /** The role that the workload's session assumes for the call. */
  readonly through?: Assumption;
  readonly call: Call;
  /** Tags of the object, if it is not one of the scenario. */
  readonly objectTags?: Readonly<Record<string, string>> | undefined;
}

/** The decisions of an attempt, up to the one that denies. */
export interface Answer {
  readonly refusal:
    (Required<Pick<Expectation, 'by' | 'code'>> & { readonly outcome: 'refused' | 'denied' }) | undefined;
  /** The request that was denied, or the last one. */
  readonly last: AuthorizationInput;
}

interface Session {
  readonly principal: RoleSession;
  readonly role: SceneRole;
  readonly policies: readonly CompiledPolicy[];
}

const NO_CREDENTIALS = { outcome: 'refused', by: 'eks-auth', code: 'AccessDeniedException' } as const;
const NO_WEB_IDENTITY = { outcome: 'refused', by: 'sts', code: 'AccessDenied' } as const;
const NOT_ASSUMED = { outcome: 'denied', by: 'sts', code: 'AccessDenied' } as const;
const NO_ACCESS = { outcome: 'denied', by: 's3', code: 'AccessDenied' } as const;
const SESSION_NAME = 'probe';

/** Decides an attempt. Returns undefined if AWS answers it before a policy can, or if nothing can make it. */
export function decide(scene: Scene, { workload, through, call, objectTags }: Attempt): Answer | undefined {
  const opened = open(scene, workload);
  if (opened === undefined || call.do === 'credentials') return opened?.answer;
  let { session } = opened;
  if (session === undefined) return undefined;
  if (through !== undefined) session = assume(scene, session, through)?.session;
  if (session === undefined) return undefined;
  if (call.do === 'assumeRole') return assume(scene, session, call.step)?.answer;
  return askS3(scene, session, call, objectTags);
}

interface Opened {
  readonly answer: Answer;
  readonly session: Session | undefined;
}

/** Remembers sessions, because many attempts share one. */
const sessions = new WeakMap<Scene, WeakMap<WorkloadSpec, Opened | undefined>>();

function open(scene: Scene, workload: WorkloadSpec): Opened | undefined {
  const known = remembered(sessions, scene, () => new WeakMap<WorkloadSpec, Opened | undefined>());
  const byRole = typeof workload.irsa === 'string' ? byWebIdentity : byPodIdentity;
  if (!known.has(workload)) known.set(workload, byRole(scene, workload));
  return known.get(workload);
}

function byPodIdentity(scene: Scene, workload: WorkloadSpec): Opened | undefined {
  const association = associationOf(workload);
  const role = association && scene.roles.get(association.role);
  // The role must be in the cluster's account.
  if (association === undefined || role?.account !== 'main') return undefined;
  const { cluster, namespace, serviceAccount, externalId } = scene.subject(workload);
  const tags = Object.entries({
    'eks-cluster-arn': cluster.arn,
    'eks-cluster-name': cluster.name,
    'kubernetes-namespace': namespace,
    'kubernetes-service-account': serviceAccount,
    'kubernetes-pod-name': `probe-${serviceAccount}`,
    'kubernetes-pod-uid': '00000000-0000-4000-8000-000000000000',
  }).map(([key, value]): SessionTag => ({ key, value, transitive: true }));
  const isUntagged = association.disableSessionTags === true;
  const policy = scene.compile('session', association.policy);
  const last = {
    tags: isUntagged ? [] : tags,
    policies: policy === undefined ? [] : [policy],
    refusal: NO_CREDENTIALS,
    requestContext: scene.names.expandAll(workload.context),
  };
  const { requestContext } = last;
  const accountId = scene.accountId('main');
  const base = openRole(scene, role, {
    ...{ ...last, ...(association.targetRole !== undefined && { policies: [] }) },
    principal: { kind: 'service', service: 'pods.eks.amazonaws.com', accountId },
    context: {
      ...contextOf(requestContext, 'service', 'resource'),
      ...{ 'aws:SourceAccount': accountId, 'aws:SourceArn': cluster.arn },
    },
  });
  const target = scene.roles.get(association.targetRole ?? '');
  if (base.session === undefined || association.targetRole === undefined) return base;
  const context = isUntagged ? { 'sts:ExternalId': externalId } : {};
  // EKS Auth sends this request, so it does not come from the pod's network.
  const principal = {
    ...base.session.principal,
    requestContext: contextOf(requestContext, 'principal', 'resource'),
  };
  const caller = { ...base.session, principal };
  return target && openRole(scene, target, { ...last, principal, caller, context });
}

const AUDIENCE = 'sts.amazonaws.com';

/** The audiences that the OIDC provider of a cluster accepts in an account; none without a provider. */
export const clientIds = ({ scenario }: Scene, cluster: string, account: string): readonly string[] => [
  ...(account === 'main' ? [AUDIENCE] : []),
  ...(scenario.spec.providers ?? []).flatMap((one) =>
    one.cluster === cluster && one.account === account ? one.clientIds : [],
  ),
];

function byWebIdentity(scene: Scene, workload: WorkloadSpec): Opened | undefined {
  const role = scene.roles.get(workload.irsa as string);
  const audience = audienceOf(workload) ?? AUDIENCE;
  if (!role || !clientIds(scene, subjectOf(workload).cluster, role.account).includes(audience)) return undefined;
  const { cluster, namespace, serviceAccount } = scene.subject(workload);
  const { issuer } = cluster;
  const providerArn = `arn:aws:iam::${role.accountId}:oidc-provider/${issuer}`;
  const subject = `system:serviceaccount:${namespace}:${serviceAccount}`;
  const identity = { 'aws:FederatedProvider': providerArn, [`${issuer}:sub`]: subject, [`${issuer}:aud`]: audience };
  const requestContext = scene.names.expandAll(workload.context);
  return openRole(scene, role, {
    principal: { kind: 'federated', providerArn, accountId: role.accountId, requestContext },
    requestContext,
    ...{ tags: [], policies: [], context: identity, sessionContext: identity, refusal: NO_WEB_IDENTITY },
  });
}

function assume(
  scene: Scene,
  caller: Session,
  { role: alias, externalId: id, tags = {} }: Assumption,
): Opened | undefined {
  const role = scene.roles.get(alias);
  const inherited = caller.principal.tags.filter(({ transitive }) => transitive);
  const passed = Object.entries(scene.names.expandAll(tags)).map(([key, value]) => ({ key, value, transitive: false }));
  return (
    role &&
    openRole(scene, role, {
      ...{ principal: caller.principal, caller, policies: [], refusal: NOT_ASSUMED },
      requestContext: caller.principal.requestContext,
      tags: [...passed, ...inherited],
      context: id === undefined ? {} : { 'sts:ExternalId': scene.names.expand(id) },
    })
  );
}

interface Opening {
  readonly principal: Principal;
  readonly caller?: Session;
  readonly tags: readonly SessionTag[];
  readonly policies: readonly CompiledPolicy[];
  readonly context: ConditionContext;
  readonly sessionContext?: Readonly<Record<string, string>>;
  /** The context of the session's requests. */
  readonly requestContext: RequestContext | undefined;
  readonly refusal: Answer['refusal'];
}

/** Asks the questions of `assumeRole` of the emulated STS. */
function openRole(scene: Scene, role: SceneRole, opening: Opening): Opened {
  const { principal, caller, tags, context } = opening;
  const assumption = principal.kind === 'federated' ? 'sts:AssumeRoleWithWebIdentity' : 'sts:AssumeRole';
  const question = {
    resource: role.arn,
    resourceAccount: role.accountId,
    trustPolicy: role.trust,
    context: {
      ...resourceTagKeys(role.tags),
      ...{ 'sts:RoleSessionName': SESSION_NAME, ...requestTagContext(tags), ...context },
    },
  };
  for (const action of [assumption, ...(tags.length > 0 ? ['sts:TagSession'] : [])]) {
    const last = inputOf(caller ?? principal, { ...question, action });
    // Without a trust policy, nobody may assume the role.
    if (role.trust === undefined || authorize(last).value !== 'allowed')
      return { answer: { refusal: opening.refusal, last }, session: undefined };
  }
  const session: RoleSession = {
    kind: 'role-session',
    ...{ accountId: role.accountId, roleArn: role.arn, roleName: role.name, sessionName: SESSION_NAME, tags },
    arn: `arn:aws:sts::${role.accountId}:assumed-role/${role.name}/${SESSION_NAME}`,
    userId: `AROAEXAMPLE:${SESSION_NAME}`,
    ...{ sessionPolicies: [], issuedAt: 0, expiresAt: 0, context: opening.sessionContext ?? {} },
    requestContext: opening.requestContext,
  };
  const last = inputOf(caller ?? principal, { ...question, action: assumption });
  return { answer: { refusal: undefined, last }, session: { principal: session, role, policies: opening.policies } };
}

type Question = Pick<AuthorizationInput, 'action' | 'resource' | 'resourceAccount'> &
  Partial<Pick<AuthorizationInput, 'trustPolicy' | 'resourcePolicy'>> & { readonly context: ConditionContext };

/** Adds what the emulated AWS adds to a question: the caller's policies and global condition keys. */
function inputOf(caller: Session | Principal, question: Question): AuthorizationInput {
  const session = 'principal' in caller ? caller : undefined;
  const principal = 'principal' in caller ? caller.principal : caller;
  const request = { region: REGION, sourceIp: '127.0.0.1', time: Date.now() };
  return {
    ...{ ...question, principal, defaults: globalContexts(request, principal, session?.role) },
    identityPolicies: session?.role.identity ?? [],
    permissionsBoundary: session?.role.boundary,
    sessionPolicies: session?.policies,
  };
}

const ACTIONS = {
  getObject: 's3:GetObject',
  putObject: 's3:PutObject',
  deleteObject: 's3:DeleteObject',
  getObjectTagging: 's3:GetObjectTagging',
} as const;

function askS3(
  scene: Scene,
  session: Session,
  call: Exclude<Call, { do: 'credentials' | 'assumeRole' }>,
  objectTags: Attempt['objectTags'],
): Answer {
  const { buckets, objects = [] } = scene.scenario.spec;
  const alias = call.do === 'listObjects' ? call.bucket : bucketOf(call.at);
  const resourceAccount = scene.accountId(buckets?.[alias]?.account ?? 'main');
  const ask = (action: string, resource: string, context: Record<string, string>): AuthorizationInput =>
    inputOf(session, {
      ...{ action, resource, resourceAccount, resourcePolicy: scene.bucketPolicies.get(alias) },
      context: {
        ...{ 's3:TlsVersion': '1.3', 's3:ResourceAccount': resourceAccount, 's3:authType': 'REST-HEADER' },
        ...{ 's3:signatureversion': 'AWS4-HMAC-SHA256', ...context },
      },
    });
  const answer = (last: AuthorizationInput): Answer => ({
    refusal: authorize(last).value === 'allowed' ? undefined : NO_ACCESS,
    last,
  });
  const arn = `arn:aws:s3:::${scene.names.bucket(alias)}`;
  if (call.do === 'listObjects') {
    const { prefix } = call;
    return answer(ask('s3:ListBucket', arn, prefix === undefined ? {} : { 's3:prefix': scene.names.expand(prefix) }));
  }
  const object = objects.find((one) => placeOf(one) === call.at);
  const given = typeof object === 'object' ? object.tags : object === undefined ? objectTags : {};
  const key = `${arn}/${scene.names.place(call.at).key}`;
  const isRead = call.do === 'getObject' || call.do === 'getObjectTagging';
  const tags = scene.names.expandAll((isRead ? given : call.tags) ?? {});
  const context = keyed(isRead ? 's3:ExistingObjectTag/' : 's3:RequestObjectTag/', Object.entries(tags));
  if (call.do === 'putObject') context['s3:ObjectCreationOperation'] = 'true';
  const first = answer(ask(ACTIONS[call.do], key, context));
  if (first.refusal !== undefined || call.do !== 'putObject' || call.tags === undefined) return first;
  return answer(ask('s3:PutObjectTagging', key, context));
}
