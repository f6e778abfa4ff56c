import type { ComparedRequest } from '../../../identity/difference/index.ts';
import type { ConditionContext } from '../../../identity/policy/index.ts';
import { requestProblem } from '../../../identity/policy/actions.ts';
import { REQUEST_CONTEXT_KEYS } from '../../../identity/policy/global-keys.ts';
import { POD_IDENTITY_SERVICE } from '../../../identity/pod-identity.ts';
import { associationOf, bucketOf, bucketsOf, placeOf } from '../../scenario/parts.ts';
import type { PermissionPolicy } from '../../scenario/policy.ts';
import { policyUses } from '../../policies/policy-uses.ts';
import { symmetricKeyContext } from '../../../identity/policy/key-policy.ts';
import type { Assumption, Attempt, Call, OnObject, ServiceCall } from '../../predict/attempt.ts';
import { roleOf, subjectOf } from '../../predict/grant.ts';
import { REGION, RUN, type Scene } from '../../predict/scene.ts';
import { intruderOf, outsideOf, type Owner } from './extra-roles.ts';
import { POD_TAGS } from './callers.ts';
import type { PolicyQuestion } from './comparisons.ts';
import type { Candidate } from './candidate.ts';
import { aliasOf, valuesOf, variantsOf } from './variants.ts';
import { callerRole, chainsOf, podsOf, withoutTags, type Pods } from './pods.ts';

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/**
 * Yields attempts that may send a request, those of the scenario's own pods first. The caller must decide them again, because names
 * of a run differ from those of the request.
 */
export function* attemptsFor(
  scene: Scene,
  owner: Owner,
  { caller }: PolicyQuestion,
  request: ComparedRequest,
): Generator<Candidate> {
  const { context: values } = request;
  const seen = new Set<string>();
  for (const pods of sendersOf(scene, owner, caller?.pods, request.principal))
    for (const variant of [
      ...variantsOf(scene, pods, values, owner.part === 'trust' || caller?.isAnyPod !== false),
    ].sort((one, other) => one.changed.length - other.changed.length))
      for (const [call, objectTags] of callsOf(scene, owner, { ...pods, ...variant }, request, values)) {
        const key = withAliases(
          scene,
          JSON.stringify({ ...pods, ...variant, call, ...(objectTags && { objectTags }) }),
        );
        // A name with the run in it is of this comparison only.
        if (!seen.has(key) && !key.includes(RUN)) yield restored(JSON.parse(key) as Candidate, call);
        seen.add(key);
      }
}

/** Returns the candidate for the resource policy itself, without changes to its texts. */
const restored = (candidate: Candidate, call: Call): Candidate =>
  call.do === 'authorize' && call.resourcePolicy !== undefined
    ? { ...candidate, call: { ...(candidate.call as ServiceCall), resourcePolicy: call.resourcePolicy } }
    : candidate;

/** Returns the pods that can be the principal of a request. */
function sendersOf(
  scene: Scene,
  owner: Owner,
  pods: Pods | undefined,
  principal: ComparedRequest['principal'],
): readonly Pods[] {
  if (pods !== undefined && Object.keys(pods.workload).length > 0) return [pods];
  const all = podsOf(scene.scenario.spec, owner);
  const isOwners = (one: Pods): boolean =>
    one.through === undefined && (associationOf(one.workload)?.role ?? one.workload.irsa) === owner.owner;
  switch (principal.kind) {
    case 'service':
      return principal.service === POD_IDENTITY_SERVICE ? all.filter((one) => isOwners(one) && !one.workload.irsa) : [];
    case 'federated':
      return all.filter((one) => isOwners(one) && one.workload.irsa !== undefined);
    case 'role-session': {
      const same = all.filter((one) => scene.roles.get(callerRole(one) ?? '')?.arn === principal.roleArn);
      const isNear = principal.accountId === scene.accountId('main');
      const others = all.filter(
        ({ workload, through }) => workload.role === intruderOf(owner) && (through === undefined) === isNear,
      );
      return [...same, ...others];
    }
    default:
      return [];
  }
}

const ON_OBJECTS: Readonly<Record<string, OnObject>> = {
  ...{ 's3:getobject': 'getObject', 's3:getobjecttagging': 'getObjectTagging', 's3:deleteobject': 'deleteObject' },
  ...{ 's3:putobject': 'putObject', 's3:putobjecttagging': 'putObject' },
};

function* callsOf(
  scene: Scene,
  owner: Owner,
  pods: Pods,
  { action, resource }: ComparedRequest,
  values: ConditionContext,
): Generator<readonly [Call, Attempt['objectTags']?]> {
  const name = action.toLowerCase();
  if (name.startsWith('sts:')) {
    yield* assumptions(scene, owner, pods, resource, values);
    return;
  }
  const real = (text: string): string => withAliases(scene, text);
  if (!name.startsWith('s3:')) {
    // `may` asks with the pod's own session.
    if (pods.through !== undefined || requestProblem(action, resource) !== undefined) return;
    const isUse = (one: Owner): boolean => one.part === 'resource' && scene.names.expand(one.owner) === resource;
    const use = [owner, ...policyUses(scene.scenario.spec)].find(isUse);
    const given = use && { resource: use.owner, resourcePolicy: use.policy as PermissionPolicy };
    const call = { do: 'authorize', action, resource: real(inRegion(resource)), ...given } as const;
    const ofKey = call.resource.startsWith('<key:')
      ? symmetricKeyContext(action, String(values['kms:CallerAccount']))
      : {};
    const context = Object.fromEntries(
      Object.entries(serviceKeys(values)).filter(([key, value]) => ofKey[key] !== value),
    );
    yield [{ ...call, ...(Object.keys(context).length > 0 && { context }) }];
    return;
  }
  const { spec } = scene.scenario;
  const [, realBucket = '', key = ''] = /^arn:aws:s3:::([^/]*)\/?(.*)$/s.exec(resource) ?? [];
  const alias = aliasOf(realBucket, (one) => scene.names.bucket(one));
  const others = bucketsOf(spec).map((bucket) => `${bucket}-2`);
  const buckets = alias === undefined || alias.includes(RUN) ? others : [alias];
  const requested = tagsIn(values, 's3:RequestObjectTag/');
  const listed = Object.fromEntries(valuesOf(values, 's3:RequestObjectTagKeys').map((tag) => [tag, 'x']));
  const tags = { ...listed, ...requested };
  const existing = tagsIn(values, 's3:ExistingObjectTag/');
  const isEncrypted = Object.keys(values).some((key) => /^s3:x-amz-server-side-encryption/i.test(key));
  const byKey = Object.keys(spec.keys ?? {}).map((kmsKey) => ({ kmsKey }));
  const encryptions = [...(isEncrypted ? [{ encryption: 'AES256' as const }] : []), {}, ...byKey].map((one) => ({
    ...(Object.keys(tags).length > 0 && { tags }),
    ...one,
  }));
  for (const bucket of buckets) {
    if (!BUCKET.test(scene.names.bucket(bucket))) continue;
    if (name === 's3:listbucket') {
      const [prefix] = valuesOf(values, 's3:prefix');
      for (const one of prefix === undefined ? [undefined] : [real(prefix), `<namespace:other>/`])
        yield [{ do: 'listObjects', bucket, ...(one !== undefined && { prefix: one }) }];
      continue;
    }
    const operation = ON_OBJECTS[name];
    if (operation === undefined) return;
    const declared = (spec.objects ?? []).filter((object) => bucketOf(object) === bucket).map(placeOf);
    // Objects with other tags have other names.
    const suffix = Object.values(existing)
      .join('-')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-');
    const tagged = Object.keys(existing).length === 0 ? [] : [`${bucket}/${real(key)}-${suffix || 'empty'}`];
    for (const at of [...declared, ...tagged, `${bucket}/${real(key)}`, `${bucket}/${real(key)}-2`].filter(isPlace))
      for (const headers of operation === 'putObject' ? encryptions : [{}])
        yield [{ do: operation, at, ...headers }, Object.keys(existing).length > 0 ? existing : undefined];
  }
}

/** Replaces the region of an ARN if it is not a real one but stands for any region. */
const inRegion = (arn: string): string => arn.replace(/^(arn:[^:]*:[^:]*:)(?!([a-z]{2,}-)+\d:)[^:]+:/, `$1${REGION}:`);

/** Whether S3 and its clients accept a key as it is. */
const isPlace = (at: string): boolean =>
  /^[^/]+\/[^/]/.test(at) && !at.includes('//') && !/[\u0000-\u001f\u007f]|\/\.{1,2}(\/|$)/.test(at);

function tagsIn(values: ConditionContext, prefix: string): Readonly<Record<string, string>> {
  const isOne = (key: string): boolean => key.toLowerCase().startsWith(prefix.toLowerCase());
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) =>
      isOne(key) ? [[key.slice(prefix.length), [value].flat()[0] ?? '']] : [],
    ),
  );
}

/** Keys that the service sets, because neither session nor workload decide them. */
const serviceKeys = (values: ConditionContext): Readonly<Record<string, string | readonly string[]>> =>
  Object.fromEntries(
    Object.entries(values)
      .filter(
        ([key]) =>
          !/^aws:(principal|userid|username|tokenissuetime|federatedprovider|sourceidentity|multifactor|currenttime|epochtime|resourceaccount|requestedregion)|:(sub|aud)$/i.test(
            key,
          ),
      )
      .filter(([key]) => !REQUEST_CONTEXT_KEYS.some((one) => one.toLowerCase() === key.toLowerCase())),
  );

function* assumptions(
  { roles, scenario: { spec } }: Scene,
  owner: Owner,
  pods: Pods,
  resource: string,
  values: ConditionContext,
): Generator<readonly [Call]> {
  const [target] =
    [...roles].find(([, { arn }]) => arn === resource) ?? (roles.has(outsideOf(owner)) ? [outsideOf(owner)] : []);
  const association = associationOf(pods.workload);
  if (target === undefined || pods.through !== undefined) return;
  const isOpened = [association?.role, association?.targetRole, pods.workload.irsa].includes(target);
  if (isOpened) {
    yield [{ do: 'credentials' }];
    return;
  }
  // A base role whose permissions decide about the target role.
  if (association?.targetRole !== undefined && owner.owner === association.role) yield [{ do: 'credentials' }];
  const [externalId] = valuesOf(values, 'sts:ExternalId');
  const inherited = new Set(
    roleOf(pods.workload) === undefined || withoutTags(pods.workload) ? [] : (POD_TAGS as readonly string[]),
  );
  const tags = Object.fromEntries(
    Object.entries(tagsIn(values, 'aws:RequestTag/')).filter(([key]) => !inherited.has(key)),
  );
  const step: Assumption = {
    role: target,
    ...(externalId !== undefined && { externalId }),
    ...(Object.keys(tags).length > 0 && { tags }),
  };
  yield [{ do: 'assumeRole', step }];
  for (const [, declared] of chainsOf(spec)) if (declared.role === target) yield [{ do: 'assumeRole', step: declared }];
}

/** Replaces real names by names in angle brackets. */
export function withAliases(scene: Scene, text: string): string {
  const { names } = scene;
  const { spec } = scene.scenario;
  const namespaces = Object.values(spec.workloads ?? {}).map((workload) => subjectOf(workload).namespace);
  const replacements: readonly (readonly [string, string])[] = [
    ...Object.keys(spec.roles ?? {}).map((role) => [names.roleArn(role), `<role:${role}>`] as const),
    ...Object.keys(spec.keys ?? {}).map((key) => [names.keyArn(key), `<key:${key}>`] as const),
    ...(['c1', 'c2'] as const).flatMap((one) =>
      ['cluster-arn', 'cluster', 'issuer'].map(
        (kind) => [names.expand(`<${kind}:${one}>`), `<${kind}:${one}>`] as const,
      ),
    ),
    ...(spec.exactNames
      ? []
      : namespaces.map((namespace) => [names.namespace(namespace), `<namespace:${namespace}>`] as const)),
    ...(['main', 'other'] as const).map((account) => [scene.accountId(account), `<account:${account}>`] as const),
  ];
  return replacements.reduce((changed, [real, alias]) => changed.replaceAll(real, alias), text);
}
