import { remembered } from '../../foundation/node/remembered.ts';
import { assumeRole } from '../../identity/assume-role.ts';
import { symmetricKeyContext } from '../../identity/policy/key-policy.ts';
import { podIdentitySession } from '../../identity/pod-identity.ts';
import type { Path, Session } from '../../identity/question.ts';
import { requestPath, type SessionRequest } from '../../identity/request.ts';
import {
  creationKeys,
  deleteObjectAction,
  existingTagKeys,
  keyUse,
  listAction,
  putObjectActions,
  type EncryptionHeaders,
  type S3Action,
} from '../../identity/s3.ts';
import { overriddenTag } from '../../identity/session-tags.ts';
import { webIdentitySession } from '../../identity/web-identity.ts';
import { associationOf, bucketOf, placeOf } from '../scenario/parts.ts';
import type { Names } from '../scenario/names.ts';
import type { PermissionPolicy } from '../scenario/policy.ts';
import type { WorkloadSpec } from '../scenario/spec.ts';
import { answered, type AttemptAnswer } from './answer.ts';
import { audienceOf, subjectOf } from './grant.ts';
import type { Scene } from './scene.ts';

export type { AttemptAnswer } from './answer.ts';

/** Parameters of AssumeRole. */
export interface Assumption {
  readonly role: string;
  readonly externalId?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly policy?: PermissionPolicy;
}

/** As in `putObject`. */
interface ObjectEncryption {
  readonly encryption?: 'AES256';
  readonly kmsKey?: string;
}

export type OnObject = 'getObject' | 'putObject' | 'deleteObject' | 'getObjectTagging';
export type Call =
  | { readonly do: 'credentials' }
  | { readonly do: 'assumeRole'; readonly step: Assumption }
  | ({
      readonly do: OnObject;
      readonly at: string;
      readonly tags?: Readonly<Record<string, string>>;
    } & ObjectEncryption)
  | { readonly do: 'listObjects'; readonly bucket: string; readonly prefix?: string }
  | ServiceCall;
type S3Call = Exclude<Call, { do: 'credentials' | 'assumeRole' | 'authorize' }>;

/** A request to a service that is not emulated, as in `may`. */
export interface ServiceCall {
  readonly do: 'authorize';
  readonly action: string;
  readonly resource: string;
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
  readonly resourcePolicy?: PermissionPolicy;
}

export interface Attempt {
  readonly workload: WorkloadSpec;
  /** The role that the workload's session assumes for the call. */
  readonly through?: Assumption;
  readonly call: Call;
  /** Tags of the object, if it is not one of the scenario. */
  readonly objectTags?: Readonly<Record<string, string>> | undefined;
}

interface Opened {
  readonly answer: AttemptAnswer;
  readonly session: Session | undefined;
}

const NO_CREDENTIALS = { outcome: 'refused', by: 'eks-auth', code: 'AccessDeniedException' } as const;
const NO_WEB_IDENTITY = { outcome: 'refused', by: 'sts', code: 'AccessDenied' } as const;
const NOT_ASSUMED = { outcome: 'denied', by: 'sts', code: 'AccessDenied' } as const;
const NO_ACCESS = { outcome: 'denied', by: 's3', code: 'AccessDenied' } as const;
const NOT_ALLOWED = { outcome: 'denied', by: 'iam', code: 'AccessDenied' } as const;

/** Decides an attempt. Returns undefined if AWS answers it before a policy can, or if nothing can make it. */
export function decide(scene: Scene, { workload, through, call, objectTags }: Attempt): AttemptAnswer | undefined {
  if (call.do === 'credentials') return open(scene, workload)?.answer;
  const session = sessionOf(scene, workload, through);
  if (session === undefined) return undefined;
  if (call.do === 'assumeRole') return assume(scene, session, call.step)?.answer;
  return call.do === 'authorize' ? askService(scene, session, call) : askS3(scene, session, call, objectTags);
}

/** Returns the session that pods of a workload get, or one that it assumes; undefined if it gets none. */
export function sessionOf(scene: Scene, workload: WorkloadSpec, through?: Assumption): Session | undefined {
  const session = open(scene, workload)?.session;
  return session !== undefined && through !== undefined ? assume(scene, session, through)?.session : session;
}

/** Remembers sessions, because many attempts share one. */
const sessions = new WeakMap<Scene, WeakMap<WorkloadSpec, Opened | undefined>>();

function open(scene: Scene, workload: WorkloadSpec): Opened | undefined {
  const sessionsOfScene = remembered(sessions, scene, () => new WeakMap<WorkloadSpec, Opened | undefined>());
  const byRole = typeof workload.irsa === 'string' ? byWebIdentity : byPodIdentity;
  if (!sessionsOfScene.has(workload)) sessionsOfScene.set(workload, byRole(scene, workload));
  return sessionsOfScene.get(workload);
}

function byPodIdentity(scene: Scene, workload: WorkloadSpec): Opened | undefined {
  const association = associationOf(workload);
  const role = association && scene.roles.get(association.role);
  const targetRole = scene.roles.get(association?.targetRole ?? '');
  // The role must be in the cluster's account.
  if (association === undefined || role?.account !== 'main') return undefined;
  if (association.targetRole !== undefined && targetRole === undefined) return undefined;
  const { cluster, externalId, ...subject } = scene.subject(workload);
  const { policy, disableSessionTags } = association;
  const path = podIdentitySession({
    ...{ cluster, role, targetRole, disableSessionTags, externalId, issuedAt: Date.now() },
    subject: {
      ...subject,
      pod: { name: `probe-${subject.serviceAccount}`, uid: '00000000-0000-4000-8000-000000000000' },
    },
    policy: scene.compile('session', policy) && policy && scene.names.policyText(policy),
    requestContext: scene.names.expandAll(workload.context),
  });
  return opening(scene, path, NO_CREDENTIALS);
}

const AUDIENCE = 'sts.amazonaws.com';

/** Returns the audiences that the OIDC provider of a cluster accepts in an account; none without a provider. */
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
  const { cluster, ...subject } = scene.subject(workload);
  const { issuer } = cluster;
  const path = webIdentitySession({
    ...{ subject, audience, role, issuedAt: Date.now(), requestContext: scene.names.expandAll(workload.context) },
    provider: { issuer, arn: `arn:aws:iam::${role.accountId}:oidc-provider/${issuer}` },
  });
  return opening(scene, path, NO_WEB_IDENTITY);
}

function assume(
  scene: Scene,
  { principal, unknown }: Session,
  { role: alias, externalId: id, tags = {}, policy }: Assumption,
): Opened | undefined {
  const role = scene.roles.get(alias);
  const passed = Object.entries(scene.names.expandAll(tags)).map(([key, value]) => ({ key, value, transitive: false }));
  const externalId = id === undefined ? undefined : scene.names.expand(id);
  const sessionPolicies = policy && scene.compile('session', policy) ? [scene.names.policyText(policy)] : [];
  // The name that the probe programs give.
  const request = { sessionName: 'probe', tags: passed, externalId, sessionPolicies };
  const options = { principal, unknown, ...request, issuedAt: Date.now() };
  if (overriddenTag(passed, [], principal) !== undefined) return undefined;
  return role && opening(scene, assumeRole('assumed role', { ...options, role }), NOT_ASSUMED);
}

const opening = (scene: Scene, path: Path<Session>, refusal: AttemptAnswer['refusal']): Opened => {
  const { answer, result } = answered(scene, path, refusal);
  return { answer, session: result };
};

function askService(scene: Scene, session: Session, call: ServiceCall): AttemptAnswer {
  const { action, context = {}, resourcePolicy } = call;
  const resource = scene.names.expand(call.resource);
  const policyOf = resourcePolicy && (() => scene.compile('resource', resourcePolicy));
  const resourceAccount = resource.split(':')[4] || session.principal.accountId;
  const conditions = {
    ...(scene.policyOf(resource) && symmetricKeyContext(action, session.principal.accountId)),
    ...scene.names.expandAll(context),
  };
  const path = requestPath(session, { action, resource, resourceAccount, conditions });
  return answered(scene, path, NOT_ALLOWED, policyOf).answer;
}

function askS3(scene: Scene, session: Session, call: S3Call, objectTags: Attempt['objectTags']): AttemptAnswer {
  const { buckets, objects = [] } = scene.scenario.spec;
  const alias = call.do === 'listObjects' ? call.bucket : bucketOf(call.at);
  const arn = `arn:aws:s3:::${scene.names.bucket(alias)}`;
  const resource = call.do === 'listObjects' ? arn : `${arn}/${scene.names.place(call.at).key}`;
  const object = 'at' in call ? objects.find((one) => placeOf(one) === call.at) : undefined;
  const existing = typeof object === 'object' ? object.tags : object === undefined ? objectTags : {};
  const tagged = (tags: Attempt['objectTags']): [string, string][] => Object.entries(scene.names.expandAll(tags ?? {}));
  const kmsKey = 'kmsKey' in call ? call.kmsKey : typeof object === 'object' ? object.kmsKey : undefined;
  const resourceAccount = scene.accountId(buckets?.[alias]?.account ?? 'main');
  const requests: SessionRequest[] = actionsOf(
    ...([scene, call, tagged(existing), tagged('tags' in call ? call.tags : {})] as const),
  ).map(({ action, keys }) => ({ action, resource, resourceAccount, conditions: keys }));
  if (kmsKey !== undefined && (call.do === 'putObject' || call.do === 'getObject')) {
    const use = call.do === 'putObject' ? 'kms:GenerateDataKey' : 'kms:Decrypt';
    const key = { keyArn: scene.names.keyArn(kmsKey), encryptionContext: resource };
    const { context, ...request } = keyUse(use, key, session.principal.accountId);
    requests.push({ ...request, conditions: context });
  }
  let answer: AttemptAnswer | undefined;
  for (const request of requests) {
    ({ answer } = answered(scene, requestPath(session, request), NO_ACCESS));
    if (answer.refusal !== undefined) break;
  }
  return answer!;
}

const encryptionOf = (names: Names, { encryption, kmsKey }: S3Call & { readonly do: OnObject }): EncryptionHeaders =>
  kmsKey === undefined ? { encryption } : { encryption: 'aws:kms', kmsKeyId: names.keyArn(kmsKey) };

function actionsOf(
  { names }: Scene,
  call: S3Call,
  existing: readonly [string, string][],
  requested: readonly [string, string][],
): readonly S3Action[] {
  switch (call.do) {
    case 'listObjects':
      return [
        listAction('s3:ListBucket', (name) =>
          name === 'prefix' ? call.prefix && names.expand(call.prefix) : undefined,
        ),
      ];
    case 'putObject':
      return putObjectActions(requested, encryptionOf(names, call)).map(({ action, keys }) => ({
        action,
        keys: action === 's3:PutObject' ? { ...keys, ...creationKeys(true) } : keys,
      }));
    case 'deleteObject':
      return [deleteObjectAction()];
    case 'getObject':
    case 'getObjectTagging':
      return [
        { action: call.do === 'getObject' ? 's3:GetObject' : 's3:GetObjectTagging', keys: existingTagKeys(existing) },
      ];
  }
}
