import { listOf, objectOf, type JsonObject } from '../../foundation/node/json.ts';
import { decideWithin } from '../decide-within.ts';
import type { PolicySource } from '../policy-source.ts';
import * as model from '../deployment/deployment.ts';
import type { NamedDocument, PolicySet } from '../difference/index.ts';
import { podIdentitySession, podIdentityTags, POD_IDENTITY_SERVICE, type ServiceAccount } from '../pod-identity.ts';
import type { ConditionContext } from '../policy/index.ts';
import { follow, isQuestion, type Path } from '../question.ts';
import { roleNameOf } from '../role.ts';
import { webIdentitySession } from '../web-identity.ts';
import type { AccessSide } from './files.ts';

const { knownOf, ROLE_ANNOTATION, Unknown } = model;

/** What one role, or one service account with its role, may do on one side. */
export interface Holder {
  /** Such as `role app`, or `payments/ledger in cluster production`. */
  readonly name: string;
  /** The role whose policies apply; undefined if the files do not have it. */
  readonly role: model.DeployedRole | undefined;
  readonly roleArn: string;
  /** The ARN as the association or annotation names it, maybe with another account than the files. */
  readonly namedArn?: string;
  /** The role, association or service account. */
  readonly address: string;
  readonly policies: PolicySet;
  readonly context: ConditionContext;
  readonly absent: readonly string[];
  /** Policies that are not known. */
  readonly gaps: readonly model.DeployedPolicy[];
  /** What the way to the role rests on, to see whether it changed. */
  readonly way: string;
  /** Whether the trust policies let it have the role. */
  readonly reach: 'allowed' | 'denied' | 'unknown';
}

/** Stands for all tags without a known value. */
const TAGS = 'aws:PrincipalTag/';
const ADMINISTRATOR = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}';

const textOf = ({ address, text }: model.DeployedPolicy): string | undefined =>
  /^arn:[^:]+:iam::aws:policy\/AdministratorAccess$/.test(address) ? ADMINISTRATOR : knownOf(text);

/** Returns a role for all its sessions. */
export function holderOf(role: model.DeployedRole | undefined): Omit<Holder, 'roleArn' | 'address'> {
  const all = (role?.policies ?? []).map((one) => ({ one, text: textOf(one) }));
  // A policy without statements allows nothing.
  const documents = all.flatMap(({ one: { kind, address, policy }, text }) =>
    text === undefined || /"Statement":\s*\[\s*\]/.test(text)
      ? []
      : { kind, named: { name: policy === undefined ? address : `${address} policy ${policy}`, document: text } },
  );
  const ofKind = (isLimit: boolean): NamedDocument[] =>
    documents.filter(({ kind }) => (kind === 'boundary') === isLimit).map(({ named }) => named);
  const tags = Object.entries(role?.tags ?? {}).map(([key, value]) => [`aws:PrincipalTag/${key}`, value] as const);
  return {
    ...{ name: `role ${role?.name}`, role, context: Object.fromEntries(tags), absent: [], way: '', reach: 'allowed' },
    policies: { identityPolicies: ofKind(false), permissionsBoundary: ofKind(true)[0] },
    gaps: all.flatMap(({ one, text }) => (text === undefined ? one : [])),
  };
}

/** Whether only EKS Pod Identity may assume the role. */
export function isForPods({ trust }: model.DeployedRole): boolean {
  const text = knownOf(trust) || '{}';
  const allows = listOf((JSON.parse(text) as JsonObject)['Statement']).map(objectOf);
  const principals = allows.filter((one) => one['Effect'] === 'Allow').map((one) => JSON.stringify(one['Principal']));
  return (
    principals.length > 0 &&
    principals.every((one) => /^\{"Service":\[?"([^"]+)"\]?\}$/.exec(one)?.[1] === POD_IDENTITY_SERVICE)
  );
}

export interface Accounts {
  /** By cluster and service account, or by service account for an annotation. */
  readonly holders: ReadonlyMap<string, Holder>;
  readonly unknown: readonly { readonly subject: string; readonly reason: string }[];
}

/** Returns path and name of a role, such as `role/teams/app`. */
const pathOf = (arn: string): string => arn.split(':').slice(5).join(':');

/** Returns the service accounts to which files give a role. */
export function accountsOf(side: AccessSide): Accounts {
  const holders = new Map<string, Holder>();
  const unknown: { subject: string; reason: string }[] = [];
  const find = (arn: string): model.DeployedRole | undefined =>
    side.roles.find((one) => one.arn === arn) ??
    side.roles.find((one) => one.name === roleNameOf(arn) && pathOf(one.arn) === pathOf(arn));
  const given = new Map<string, string>();
  /** Notes that the files have a service account twice. It may be in two clusters, so neither place counts alone. */
  const noteSecond = (key: string, address: string, arn: string): void => {
    const first = given.get(key);
    const assignment = `${address} with role ${arn}`;
    if (first !== undefined && !first.endsWith(` ${arn}`))
      unknown.push({ subject: key, reason: `the files give it several roles: ${first} and ${assignment}` });
    given.set(key, first === undefined ? assignment : `${first}, ${assignment}`);
  };
  for (const { annotations, address, name: serviceAccount, namespace = 'default' } of side.serviceAccounts) {
    const arn = annotations[ROLE_ANNOTATION];
    const subject = { namespace, serviceAccount };
    if (arn instanceof Unknown) unknown.push({ subject: address, reason: arn.reason });
    if (arn === undefined || arn instanceof Unknown || arn === '') continue;
    const role = find(arn);
    const name = `${namespace}/${serviceAccount}`;
    const way = JSON.stringify([arn, role?.trust, role?.tags]);
    noteSecond(name, address, arn);
    const reach = role === undefined ? 'allowed' : reachOfToken(side, role, subject);
    holders.set(name, {
      ...holderOf(role),
      ...{ name, address, way, reach, roleArn: role?.arn ?? arn, namedArn: arn, absent: [TAGS] },
    });
  }
  for (const one of side.associations) {
    const { cluster, namespace, serviceAccount, roleArn, targetRoleArn, policy, disableSessionTags, unsure = [] } = one;
    const missing = [namespace, serviceAccount, roleArn, targetRoleArn, policy].flatMap((value) =>
      value instanceof Unknown ? value.reason : [],
    );
    if (missing.length + unsure.length > 0) {
      unknown.push({ subject: one.address, reason: [...missing, ...unsure].join(' and ') });
      continue;
    }
    const subject = { namespace: knownOf(namespace)!, serviceAccount: knownOf(serviceAccount)! };
    const name = cluster instanceof Unknown ? cluster.reason : (cluster ?? 'cluster');
    const eks = { name, arn: `arn:aws:eks:${side.region}:${side.accountId}:cluster/${name}` };
    const base = find(knownOf(roleArn)!);
    const arn = knownOf(targetRoleArn) ?? knownOf(roleArn)!;
    const role = find(arn);
    const { policies, context, ...rest } = holderOf(role);
    const { tags } = podIdentityTags(eks, subject);
    const knownTags = tags.filter(({ key }) => !disableSessionTags && !/pod-(?:name|uid)$/.test(key));
    const account = `${subject.namespace}/${subject.serviceAccount}`;
    const roleOf = ({ arn: roleArn, tags: given }: model.DeployedRole) => ({
      arn: roleArn,
      tags: Object.entries(given),
    });
    const path =
      base && role && base.trust !== ''
        ? podIdentitySession({
            ...{ cluster: eks, subject, disableSessionTags, externalId: one.externalId, role: roleOf(base) },
            ...(role !== base && { targetRole: roleOf(role) }),
          })
        : undefined;
    noteSecond(`${name} ${account}`, one.address, arn);
    holders.set(`${name} ${account}`, {
      ...rest,
      ...{ name: `${account} in cluster ${name}`, address: one.address, roleArn: role?.arn ?? arn, namedArn: arn },
      policies: {
        ...policies,
        ...(policy !== undefined && {
          sessionPolicies: [{ name: `${one.address}.policy`, document: knownOf(policy)! }],
        }),
      },
      context: {
        ...context,
        ...Object.fromEntries(knownTags.map(({ key, value }) => [`aws:PrincipalTag/${key}`, value])),
      },
      absent: disableSessionTags ? [TAGS] : [],
      way: JSON.stringify([
        ...[roleArn, arn, base?.trust, role?.trust, base?.policies, base?.tags, role?.tags],
        ...[disableSessionTags, one.externalId],
      ]),
      reach: path === undefined ? 'allowed' : reachOf(side, path),
    });
  }
  return { holders, unknown };
}

/** Decides the questions on a path by the policies of the roles. */
function reachOf(side: AccessSide, path: Path<unknown>): Holder['reach'] {
  let reach: Holder['reach'] = 'allowed';
  follow(path, (step) => {
    if (!isQuestion(step)) return true;
    const { principal } = step;
    const caller = principal.kind === 'role-session' && side.roles.find(({ arn }) => arn === principal.roleArn);
    const source = (kind: PolicySource['kind'], name: string, text: string | undefined): PolicySource =>
      text === undefined ? { kind, name, reason: 'unknown' } : { kind, name, text };
    const { value } = decideWithin(step, [
      source('trust', 'trust', knownOf(side.roles.find(({ arn }) => arn === step.resource)?.trust)),
      ...(caller ? caller.policies : []).map((one) =>
        source(one.kind === 'boundary' ? 'boundary' : 'identity', one.address, textOf(one)),
      ),
    ]);
    if (reach !== 'denied' && value !== 'allowed') reach = value;
    return value !== 'denied';
  });
  return reach;
}

/** Decides whether tokens of the service account get the role, from any provider that its trust policy names. */
function reachOfToken(side: AccessSide, role: model.DeployedRole, subject: ServiceAccount): Holder['reach'] {
  const text = knownOf(role.trust);
  if (text === undefined || text === '') return text === '' ? 'allowed' : 'unknown';
  const values = [...new Set(text.match(/arn:[^:"]+:iam::\d+:oidc-provider\/[^"]+/g))].map((arn) => {
    const provider = { arn, issuer: arn.replace(/^.*:oidc-provider\//, '') };
    const { arn: roleArn, tags } = role;
    const token = {
      provider,
      subject,
      audience: 'sts.amazonaws.com',
      role: { arn: roleArn, tags: Object.entries(tags) },
    };
    return reachOf(side, webIdentitySession(token));
  });
  return (['allowed', 'unknown'] as const).find((one) => values.includes(one)) ?? 'denied';
}
