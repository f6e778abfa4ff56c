import { isDeepStrictEqual } from 'node:util';
import {
  session,
  STRANGER,
  type Comparison,
  type NamedDocument,
  type PolicySet,
  type PrincipalClass,
} from '../../../identity/difference/index.ts';
import { defaultKeyPolicy, symmetricKeyContext } from '../../../identity/policy/key-policy.ts';
import type { CompiledPolicy, ConditionContext } from '../../../identity/policy/index.ts';
import { keyed } from '../../../identity/policy/tag-context.ts';
import { inheritedTags } from '../../../identity/session-tags.ts';
import { statementsOf } from '../../policies/statement-document.ts';
import { associationOf, bucketsOf } from '../../scenario/parts.ts';
import type { ScenarioSpec } from '../../scenario/spec.ts';
import { policyUses } from '../../policies/policy-uses.ts';
import { sessionOf, type Attempt } from '../../predict/attempt.ts';
import type { Scene, SceneRole } from '../../predict/scene.ts';
import { POD_IDENTITY_SERVICE } from '../../../identity/pod-identity.ts';
import { anyChained, callersOf, documentOf, type Caller } from './callers.ts';
import { intruderOf, outsideOf, type Owner } from './extra-roles.ts';
import { callerRole, podsOf } from './pods.ts';

/** Policies before and after a change, and who asks. Without a caller, no pod of the suite does. */
export interface PolicyQuestion {
  readonly caller?: Caller | undefined;
  /** With `onlyPrincipals`, others are asked about apart. */
  readonly comparison: Comparison;
}

/** Two versions of a scenario, with the policy that differs. */
export interface Versions {
  readonly before: Scene;
  readonly after: Scene;
  readonly owner: Owner;
}

export const named = (policies: readonly (CompiledPolicy | undefined)[], name: string): readonly NamedDocument[] =>
  policies.flatMap((policy) => (policy === undefined ? [] : [{ name, document: policy.document }]));

export const ASSUMPTIONS = ['sts:AssumeRole', 'sts:AssumeRoleWithWebIdentity', 'sts:TagSession', 'sts:Set*'];
/** Statements that deny requests without a key, or with another value, because these callers do not send them. */
export const requiring = (required: Readonly<Record<string, string>>, element: object): readonly object[] =>
  Object.entries(required).map(([key, pattern]) => ({
    Effect: 'Deny',
    ...element,
    Condition: { StringNotLike: { [key]: pattern } },
  }));

export const anyValue = (keys: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(keys.map((key) => [key, key.endsWith(':sub') ? SUBJECT : '?*']));

const SUBJECT = 'system:serviceaccount:?*:?*';

/** Yields the questions about requests with the credentials of roles, first those of the scenario's pods. */
export function* accessQuestionsOf(versions: Versions, text: string): Generator<PolicyQuestion> {
  const { before, owner } = versions;
  const mentions = (key: RegExp): boolean => key.test(text);
  const isOfResource = ['bucket', 'key', 'resource'].includes(owner.part);
  const pods = podsOf(before.scenario.spec, owner).filter(
    (one) =>
      isOfResource ||
      ((owner.part === 'session' ? one.like : callerRole(one)) === owner.owner &&
        (owner.part !== 'chain' || isDeepStrictEqual(one.through?.policy, owner.policy))),
  );
  const callers = callersOf(before, pods, mentions);
  for (const caller of callers) yield* accessQuestions(versions, caller, text);
  if (owner.part !== 'chain' && !isOfResource)
    for (const caller of callers)
      for (const one of caller.pods.through === undefined ? [] : anyChained(before, caller, text))
        yield* accessQuestions(versions, one, text);
  if (callers.length > 0 && !isOfResource) return;
  // Nobody of the suite has the role, or others may use the resource.
  const role = before.roles.get(isOfResource ? intruderOf(owner) : owner.owner);
  if (role === undefined) return;
  const others = { onlyPrincipals: !isOfResource, principals: [classOf(anySession(role), isOfResource)] };
  const apart = rolesOfPods(before, callers);
  for (const { comparison } of accessQuestions(versions, anySession(role), text))
    yield { comparison: { ...comparison, ...others, apart } };
}

/** Returns the callers' roles that only pods get. */
export const rolesOfPods = (scene: Scene, callers: readonly Caller[]): readonly string[] =>
  callers.flatMap(({ principal: { roleArn } }) => {
    const statements = statementsOf(documentOf(scene.roleOf(roleArn)!.trust!));
    const principals = statements.map((one) => JSON.stringify(one['Principal'] ?? '*'));
    return principals.every((one) => /^[^:]+:"[^"]+"\}$/.test(one) && isOfPods(scene, one)) ? roleArn : [];
  });

/** Whether a principal is EKS Auth or the OIDC provider of a cluster. */
export const isOfPods = ({ names }: Scene, principal: string): boolean =>
  [POD_IDENTITY_SERVICE, '<issuer:c1>', '<issuer:c2>'].some((one) => principal.includes(names.expand(one)));

/** Transitive tags are tags of each request to assume a role. */
export const inheritedRequestTags = ({ principal, isAnyPod }: Caller): ConditionContext =>
  isAnyPod
    ? {}
    : keyed(
        'aws:RequestTag/',
        inheritedTags(principal).map(({ key, value }) => [key, value] as const),
      );

export const classOf = (caller: Caller, isAllowedAll = false): PrincipalClass => ({
  principal: caller.principal,
  context: caller.context,
  ...(isAllowedAll && { permissions: 'all' }),
});

const anySession = ({ arn, id = '' }: SceneRole): Caller => ({
  pods: { like: undefined, workload: {} },
  ...{ isAnyPod: true, principal: session(arn, 'session', id), context: {}, present: [] },
});

function* accessQuestions({ before, after, owner }: Versions, caller: Caller, text: string): Generator<PolicyQuestion> {
  const { spec } = before.scenario;
  const changed = withSessionPolicy(caller.pods, owner, changedPolicy(before, after, owner));
  const ask = (resourceOf: (scene: Scene) => Partial<PolicySet>, rest: Partial<Comparison>): PolicyQuestion => ({
    caller,
    comparison: {
      onlyPrincipals: true,
      before: { ...permissionsOf(before, caller), ...resourceOf(before) },
      after: { ...permissionsOf(after, { ...caller, pods: changed }), ...resourceOf(after) },
      principals: [classOf(caller)],
      resourceAccount: before.accountId('main'),
      absent: absentKeys(caller, text),
      ...rest,
    },
  });
  const askResource = (
    arn: string,
    policyOf: (scene: Scene) => string | object,
    context?: ConditionContext,
  ): PolicyQuestion =>
    ask((scene) => ({ resourcePolicy: { name: 'resource policy', document: policyOf(scene) } }), {
      ...{ context, resources: [arn], ...(arn.split(':')[4] && { resourceAccount: arn.split(':')[4] ?? '' }) },
    });
  if (owner.part === 'resource') {
    yield askResource(before.names.expand(owner.owner), (scene) =>
      scene.names.policyText(scene === before ? owner.policy : changedPolicy(before, after, owner)),
    );
    return;
  }
  for (const key of owner.part === 'bucket' ? [] : Object.keys(spec.keys ?? {})) {
    const arn = before.names.keyArn(key);
    if (owner.part !== 'key' || owner.owner === key)
      yield askResource(arn, (scene) => scene.policyOf(arn)?.document ?? NOBODY.document, keyContextOf(spec));
  }
  if (owner.part === 'key') return;
  const buckets = owner.part === 'bucket' ? [owner.owner] : bucketsOf(spec);
  const accountOf = (bucket: string): string => before.accountId(spec.buckets?.[bucket]?.account ?? 'main');
  // Other accounts may allow everyone to use their resources.
  const strangers = /aws:Resource(Account|Org)/i.test(text) ? [STRANGER] : [];
  const others = owner.part === 'bucket' ? [] : [caller.principal.accountId, ...strangers];
  for (const account of new Set([...others, ...buckets.map(accountOf)])) {
    const arnsIn = (isAccount: boolean): string[] =>
      buckets
        .filter((bucket) => (accountOf(bucket) === account) === isAccount)
        .map((bucket) => `arn:aws:s3:::${before.names.bucket(bucket)}`);
    const elsewhere = withObjects(arnsIn(false));
    const denied = { Statement: { Effect: 'Deny', Action: 's3:*', Resource: elsewhere } };
    const resourcePolicies = (scene: Scene) => (account === STRANGER ? EVERYONE : bucketPolicies(scene, arnsIn(true)));
    const question = ask((scene) => ({ trustPolicy: NOBODY, ...resourcePolicies(scene) }), {
      resourceAccount: account,
      ...(owner.part === 'bucket' && { resources: withObjects(arnsIn(true)) }),
    });
    yield elsewhere.length === 0
      ? question
      : withIdentity(question, { name: 'buckets of other accounts', document: denied });
  }
  if (owner.part === 'bucket') return;
  for (const use of policyUses(spec))
    if (use.part === 'resource')
      yield askResource(before.names.expand(use.owner), ({ names }) => names.policyText(use.policy));
  if (!/sts:|"\*"/i.test(text)) return;
  for (const target of before.roles.values())
    if (target.trust !== undefined && target.arn !== before.roles.get(owner.owner)?.arn)
      yield ask((scene) => ({ trustPolicy: named([scene.roleOf(target.arn)?.trust], 'trust policy')[0] }), {
        context: inheritedRequestTags(caller),
        ...{ actions: ASSUMPTIONS, resourceAccount: target.accountId },
        // Stands for every role that leaves it to its account who may assume it.
        ...(target !== before.roles.get(outsideOf(owner)) && { resources: [target.arn] }),
      });
}

/** Returns condition keys that no probe gives another value. The caller decides about `kms:CallerAccount`. */
function keyContextOf({ probes }: ScenarioSpec): ConditionContext {
  const given = JSON.stringify(probes).toLowerCase();
  const { 'kms:CallerAccount': _, ...context } = symmetricKeyContext('', '');
  return Object.fromEntries(Object.entries(context).filter(([key]) => !given.includes(`"${key.toLowerCase()}"`)));
}

const withObjects = (buckets: readonly string[]): readonly string[] => buckets.flatMap((arn) => [arn, `${arn}/*`]);

const withIdentity = ({ caller, comparison }: PolicyQuestion, document: NamedDocument): PolicyQuestion => {
  const add = (set: PolicySet): PolicySet => ({ ...set, identityPolicies: [...set.identityPolicies, document] });
  return { caller, comparison: { ...comparison, before: add(comparison.before), after: add(comparison.after) } };
};

const ANY_REQUEST = { Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' };
const EVERYONE = { resourcePolicy: { name: 'policy of another account', document: { Statement: ANY_REQUEST } } };

/** Requests to assume a role are asked about apart, for each role. */
const NOBODY: NamedDocument = {
  name: 'no trust policy',
  document: { Statement: { Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' } },
};

/** Returns the policy of a session or of a probe's resource in the changed scenario. */
export function changedPolicy(before: Scene, after: Scene, { part, owner, policy }: Owner): Owner['policy'] {
  const uses = (scene: Scene) =>
    policyUses(scene.scenario.spec).filter((use) => use.part === part && use.owner === owner);
  const index = uses(before).findIndex((use) => isDeepStrictEqual(use.policy, policy));
  return uses(after)[index]?.policy ?? policy;
}

/** Returns pods whose association, or whose chain of roles, has another session policy. */
export function withSessionPolicy<T extends Pick<Attempt, 'workload' | 'through'>>(
  pods: T,
  { part }: Owner,
  policy: Owner['policy'],
): T {
  const { workload, through } = pods;
  const changed = { policy: policy as never };
  if (part === 'session')
    return { ...pods, workload: { ...workload, role: { ...associationOf(workload)!, ...changed } } };
  return part === 'chain' && through ? { ...pods, through: { ...through, ...changed } } : pods;
}

/**
 * Policies of buckets decide together, because each is about its own bucket only. Other keys than the scenario's, which are asked about
 * apart, have the default policy.
 */
function bucketPolicies(scene: Scene, arns: readonly string[]): Partial<PolicySet> {
  const documents = arns.flatMap((arn) => scene.policyOf(arn) ?? []).map(documentOf);
  const keys = Object.keys(scene.scenario.spec.keys ?? {}).map((key) => scene.names.keyArn(key));
  if (documents.length + keys.length === 0) return {};
  const keyPolicy = defaultKeyPolicy(scene.accountId('main'), scene.accountId('other'));
  const { Version } = (documents[0] ?? keyPolicy) as { readonly Version?: string };
  const { Resource, ...allowed } = keyPolicy.Statement;
  const otherKeys = { ...allowed, ...(keys.length > 0 ? { NotResource: keys } : { Resource }) };
  const document = { Version, Statement: [...documents.flatMap(statementsOf), otherKeys] };
  return { resourcePolicy: { name: 'bucket policy', document } };
}

export function permissionsOf(scene: Scene, { principal, pods, limit, present }: Caller): PolicySet {
  const role = scene.roleOf(principal.roleArn);
  const texts = sessionOf(scene, pods.workload, pods.through)?.principal.sessionPolicies ?? [];
  const sessionPolicies = texts.map((document) => ({ name: 'session policy', document }));
  const required = { Statement: requiring(anyValue(present), { Action: '*', Resource: '*' }) };
  return {
    identityPolicies: [
      ...named(role?.identity ?? [], 'permissions'),
      ...(present.length === 0 ? [] : [{ name: 'keys of all requests', document: required }]),
    ],
    permissionsBoundary: named([role?.boundary], 'boundary')[0],
    sessionPolicies: texts.length === 0 && limit ? [{ name: 'trust policy', document: limit }] : sessionPolicies,
  };
}

/** Tags that the caller's sessions lack, of those that policies name. */
export function absentKeys({ context, present, isAnyPod, pods }: Caller, text: string): readonly string[] {
  if (!isAnyPod) return ['aws:PrincipalTag/'];
  if (Object.keys(pods.workload).length === 0) return [];
  const owned = new Set([...Object.keys(context), ...present].map((key) => key.toLowerCase()));
  const keys = text.match(/aws:PrincipalTag\/[^"},]+/gi) ?? [];
  return [...new Set(keys)].filter((key) => !owned.has(key.toLowerCase()));
}
