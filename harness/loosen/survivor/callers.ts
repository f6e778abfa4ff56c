import { session } from '../../../identity/difference/index.ts';
import { actionsOf } from '../../../identity/policy/actions.ts';
import { listOf } from '../../../foundation/node/json.ts';
import { automatonOf, divide } from '../../../identity/policy/automaton.ts';
import { globalContexts } from '../../../identity/policy/global-context.ts';
import type { ConditionContext } from '../../../identity/policy/index.ts';
import { literal, places } from '../../../identity/policy/overlap.ts';
import { tokenize } from '../../../identity/policy/pattern.ts';
import type { RoleSession } from '../../../identity/policy/principal.ts';
import { conditionsOf, statementsOf, textsOf, type StatementDocument } from '../../policies/statement-document.ts';
import { associationOf } from '../../scenario/parts.ts';
import { sessionOf } from '../../predict/attempt.ts';
import { roleOf, subjectOf } from '../../predict/grant.ts';
import type { Scene, SceneRole } from '../../predict/scene.ts';
import { hasTagSwitch, withoutTags, type Pods } from './pods.ts';

/** Pods with what policies see of them. */
export interface Caller {
  readonly pods: Pods;
  /** Whether namespace, service account and cluster are free. */
  readonly isAnyPod: boolean;
  readonly principal: RoleSession;
  /** Known condition keys of all their requests. */
  readonly context: ConditionContext;
  /** Keys that all their requests have, with any value that Kubernetes accepts. */
  readonly present: readonly string[];
  /** A document that allows what the trust policy leaves possible; undefined if it limits nothing that requests show. */
  readonly limit?: object | undefined;
  /** What questions about this caller leave open, in words. */
  readonly undecided?: string | undefined;
}

/** Tags of Pod Identity that pods of one role may differ in. */
export const POD_TAGS = [
  ...['eks-cluster-arn', 'eks-cluster-name', 'kubernetes-namespace', 'kubernetes-service-account'],
  ...['kubernetes-pod-name', 'kubernetes-pod-uid'],
] as const;

/** Returns the callers that pods can be, those of the scenario first. `mentions`: whether the policies name such a key. */
export function callersOf(scene: Scene, all: readonly Pods[], mentions: (key: RegExp) => boolean): readonly Caller[] {
  const switched = all.flatMap((pods): Pods[] => {
    const association = associationOf(pods.workload);
    if (!hasTagSwitch(pods) || association === undefined) return [];
    const role = { ...association, disableSessionTags: !withoutTags(pods.workload) };
    // A service account has one association.
    const serviceAccount = `${subjectOf(pods.workload).serviceAccount}-2`;
    return [{ ...pods, workload: { ...pods.workload, serviceAccount, role } }];
  });
  const concrete = [...all, ...(mentions(/PrincipalTag\//i) ? switched : [])];
  const named = concrete.flatMap((pods) => callerOf(scene, pods) ?? []);
  const isOpen = ({ pods: { workload } }: Caller): boolean =>
    workload.irsa === undefined
      ? !withoutTags(workload) && hasTagSwitch({ like: undefined, workload }) && mentions(POD_TAG)
      : mentions(/:sub"/i);
  return [...named, ...named.filter(isOpen).map((caller) => anyPod(scene, caller))];
}

const POD_TAG = /PrincipalTag\/(eks-cluster|kubernetes)-/i;

function callerOf(scene: Scene, pods: Pods): Caller | undefined {
  const session = sessionOf(scene, pods.workload, pods.through);
  if (session === undefined) return undefined;
  const { principal } = session;
  const [, , context = {}] = globalContexts({}, principal, scene.roleOf(principal.roleArn));
  return { pods, isAnyPod: false, principal, context, present: [] };
}

/** Returns the same role for pods of any namespace, service account and cluster that its trust policy accepts. */
function anyPod(scene: Scene, caller: Caller): Caller {
  const isFree = (key: string): boolean => POD_TAG.test(key) || key.endsWith(':sub');
  const keys = Object.keys(caller.context);
  const { workload } = caller.pods;
  const { role = typeof workload.irsa === 'string' ? workload.irsa : '' } = associationOf(workload) ?? {};
  const trust = scene.roles.get(caller.pods.through === undefined ? role : (roleOf(workload) ?? ''))?.trust;
  return {
    ...caller,
    isAnyPod: true,
    context: Object.fromEntries(Object.entries(caller.context).filter(([key]) => !isFree(key))),
    present: keys.filter(isFree),
    limit: trust && limitOf(documentOf(trust), workload.irsa === undefined ? 'Service' : 'Federated'),
  };
}

/** Returns sessions that the caller opens with other tags and names, as far as the trust policy of the role allows. */
export function anyChained(scene: Scene, { principal, context, present }: Caller, text: string): readonly Caller[] {
  const { arn, id = '', trust } = scene.roleOf(principal.roleArn)!;
  const names = sessionNames(text, id);
  return (names ?? ['session']).map((name) => ({
    ...{ pods: { like: undefined, workload: {} }, isAnyPod: true, principal: session(arn, name, id), present },
    context: Object.fromEntries(Object.entries(context).filter(([key]) => POD_TAG.test(key))),
    limit: trust && limitOf(documentOf(trust), 'AWS'),
    undecided: names === undefined ? 'the session names that conditions on aws:userid distinguish' : undefined,
  }));
}

/**
 * Returns a session name for each way in which conditions on `aws:userid` treat them (AWS STS API Reference, "AssumeRole",
 * RoleSessionName). Returns undefined for conditions with variables, and if there are too many ways.
 */
function sessionNames(text: string, id: string): readonly string[] | undefined {
  const lists = [...text.matchAll(/"aws:userid":(\[[^\]]*\]|"[^"]*")/gi)];
  const values = lists.flatMap(([, list = '']) => textsOf(JSON.parse(list)));
  if (values.length === 0) return ['session'];
  const patterns = values.flatMap((value) =>
    [false, true].map((foldCase) =>
      places(tokenize(value, { wildcards: true, variables: true }), () => undefined, { foldCase }),
    ),
  );
  const known = patterns.filter((one) => one !== undefined);
  const all = automatonOf([...literal(`${id}:`), NAME, NAME, { ...NAME, isStar: true }]);
  const parts = known.length < patterns.length ? undefined : divide(all, known.map(automatonOf));
  return parts?.map(({ example }) => example.slice(id.length + 1));
}

const NAME = { among: 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+=,.@-' };

export const documentOf = ({ document }: NonNullable<SceneRole['trust']>): object =>
  typeof document === 'string' ? (JSON.parse(document) as object) : document;

/** Returns what a trust policy says of the tags or the token of the sessions that it opens. Conditions on other keys are left out. */
function limitOf(trust: object, opener: 'Service' | 'Federated' | 'AWS'): object | undefined {
  const statements = statementsOf(trust).flatMap((statement): StatementDocument[] => {
    if (!opensSession(statement, opener)) return [];
    const blocks: Record<string, Record<string, unknown>> = {};
    const conditions = conditionsOf(statement);
    const kept = conditions.flatMap(({ operator, key, values }) => {
      const name = opener !== 'Federated' ? sessionKey(key) : /:(sub|aud)$/.test(key) ? key : undefined;
      if (name === undefined) return [];
      (blocks[operator] ??= {})[name] = values;
      return [name];
    });
    // Without one of its conditions, a Deny would deny more.
    if (statement.Effect === 'Deny' && kept.length < conditions.length) return [];
    return [{ Effect: statement.Effect, Action: '*', Resource: '*', Condition: blocks }];
  });
  return statements.length === 0 ? undefined : { Version: '2012-10-17', Statement: statements };
}

const sessionKey = (key: string): string | undefined =>
  /^aws:SourceArn$/i.test(key)
    ? 'aws:PrincipalTag/eks-cluster-arn'
    : /^aws:RequestTag\//i.test(key)
      ? key.replace(/RequestTag/i, 'PrincipalTag')
      : undefined;

function opensSession(statement: StatementDocument, opener: 'Service' | 'Federated' | 'AWS'): boolean {
  const action = opener === 'Federated' ? 'sts:AssumeRoleWithWebIdentity' : 'sts:AssumeRole';
  const isAction =
    statement['NotAction'] !== undefined || textsOf(statement['Action']).some((one) => actionsOf(one).includes(action));
  const { Principal: principal } = statement as { readonly Principal?: unknown };
  const { [opener]: openers } = (principal ?? {}) as Readonly<Record<string, unknown>>;
  const isPrincipal = principal === undefined || principal === '*' || listOf(openers).length > 0;
  return isAction && isPrincipal;
}
