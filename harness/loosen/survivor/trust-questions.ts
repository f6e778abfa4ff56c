import type { Comparison, PolicySet, PrincipalClass } from '../../../identity/difference/index.ts';
import { POD_IDENTITY_SERVICE } from '../../../identity/pod-identity.ts';
import { statementsOf } from '../../policies/statement-document.ts';
import { clientIds } from '../../predict/attempt.ts';
import type { Scene } from '../../predict/scene.ts';
import { callersOf, POD_TAGS } from './callers.ts';
import {
  absentKeys,
  accessQuestionsOf,
  anyValue,
  ASSUMPTIONS,
  classOf,
  inheritedRequestTags,
  named,
  permissionsOf,
  requiring,
  rolesOfPods,
  type PolicyQuestion,
  type Versions,
} from './comparisons.ts';
import { callerRole, podsOf } from './pods.ts';

/** Yields all questions that decide whether a changed policy matters in a scenario: first those of its pods. */
export function* questionsOf(versions: Versions): Generator<PolicyQuestion> {
  const text = JSON.stringify([versions.before.scenario.spec, versions.after.scenario.spec]);
  const { organization } = versions.before;
  for (const one of versions.owner.part === 'trust'
    ? trustQuestions(versions, text)
    : accessQuestionsOf(versions, text))
    yield { ...one, comparison: { ...one.comparison, organization } };
}

/** Asks for pods by Pod Identity, tokens of the clusters, roles of the scenario, and everybody else. */
function* trustQuestions({ before, after, owner }: Versions, text: string): Generator<PolicyQuestion> {
  const role = before.roles.get(owner.owner);
  if (role === undefined) return;
  const ask = (
    principals: readonly PrincipalClass[],
    { identity, denies = [], ...rest }: TrustOptions,
  ): PolicyQuestion => {
    const versionOf = (scene: Scene): PolicySet => ({
      identityPolicies: [],
      ...identity?.(scene),
      trustPolicy: named([scene.roles.get(owner.owner)?.trust], 'trust policy').map((one) => ({
        ...one,
        document: withStatements(one.document, denies),
      }))[0],
    });
    return {
      comparison: {
        onlyPrincipals: true,
        ...{ before: versionOf(before), after: versionOf(after), principals, resourceAccount: role.accountId },
        ...{ actions: ASSUMPTIONS, resources: [role.arn], ...rest },
      },
    };
  };
  const accountId = before.accountId('main');
  const service = { kind: 'service', service: POD_IDENTITY_SERVICE, accountId } as const;
  const context = { 'aws:SourceAccount': accountId };
  if (role.account === 'main') {
    const element = { Principal: { Service: POD_IDENTITY_SERVICE }, Action: ASSUMPTIONS };
    const cluster = { 'aws:SourceArn': `arn:aws:eks:*:${accountId}:cluster/?*` };
    const listed = { 'aws:TagKeys': POD_TAGS, 'sts:TransitiveTagKeys': POD_TAGS };
    yield ask([{ principal: service, context: { ...context, ...listed } }], {
      ...{
        denies: requiring({ ...anyValue(POD_TAGS.map((tag) => `aws:RequestTag/${tag}`)), ...cluster }, element),
        absent: NOT_SENT,
      },
      actions: ['sts:AssumeRole', 'sts:TagSession'],
    });
    yield ask([{ principal: service, context }], {
      ...{ denies: requiring(cluster, element), absent: [...NOT_SENT, 'aws:RequestTag/', 'aws:TagKeys'] },
      actions: ['sts:AssumeRole'],
    });
  }
  for (const cluster of ['c1', 'c2'] as const) {
    const issuer = before.names.expand(`<issuer:${cluster}>`);
    const providerArn = `arn:aws:iam::${role.accountId}:oidc-provider/${issuer}`;
    const principal = { kind: 'federated', providerArn, accountId: role.accountId } as const;
    for (const audience of clientIds(before, cluster, role.account))
      yield ask([{ principal, context: { 'aws:FederatedProvider': providerArn, [`${issuer}:aud`]: audience } }], {
        denies: requiring(anyValue([`${issuer}:sub`]), { Principal: { Federated: providerArn }, Action: ASSUMPTIONS }),
        absent: ['aws:RequestTag/', 'aws:TagKeys'],
        actions: ['sts:AssumeRoleWithWebIdentity'],
      });
  }
  const pods = podsOf(before.scenario.spec, owner).filter((one) => callerRole(one) !== owner.owner);
  const callers = callersOf(before, pods, (key) => key.test(text));
  for (const caller of callers) {
    const absent = absentKeys(caller, text);
    const context = inheritedRequestTags(caller);
    yield { ...ask([classOf(caller)], { identity: (scene) => permissionsOf(scene, caller), absent, context }), caller };
  }
  yield ask([], { onlyPrincipals: false, apart: rolesOfPods(before, callers) });
}

interface TrustOptions extends Partial<Comparison> {
  readonly identity?: (scene: Scene) => Partial<PolicySet>;
  readonly denies?: readonly object[];
}

function withStatements(document: string | object, statements: readonly object[]): object {
  const parsed = typeof document === 'string' ? (JSON.parse(document) as object) : document;
  return { ...parsed, Statement: [...statementsOf(parsed), ...statements] };
}

/** Keys that EKS Auth does not send with session tags. */
const NOT_SENT = ['sts:ExternalId', 'sts:SourceIdentity', 'aws:PrincipalTag/'];
