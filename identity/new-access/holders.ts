import { listOf, objectOf, type JsonObject } from '../../foundation/node/json.ts';
import { decideWithin, type PolicySource } from '../decide-within.ts';
import { knownOf, ROLE_ANNOTATION, Unknown, type DeployedRole, type Known } from '../deployment/deployment.ts';
import type { NamedDocument, PolicySet } from '../difference/index.ts';
import { podIdentitySession, podIdentityTags, POD_IDENTITY_SERVICE, type ServiceAccount } from '../pod-identity.ts';
import type { ConditionContext } from '../policy/index.ts';
import { follow, isQuestion } from '../question.ts';
import { roleNameOf } from '../role.ts';
import type { AccessSide } from './files.ts';

/** A part of the policies that the files do not have. */
export interface Gap {
  readonly kind: 'attached' | 'boundary' | 'other';
  readonly address: string;
  readonly reason: string;
  /** Whether another file or AWS has it, so that it is the same before and after. */
  readonly isElsewhere: boolean;
}

/** Policies that one role, or one service account with its role, has on one side. */
export interface Holder {
  /** Such as `role app`, or `payments/ledger in cluster production`. */
  readonly name: string;
  /** The role whose policies apply; undefined if the files do not have it. */
  readonly role: DeployedRole | undefined;
  readonly roleArn: string;
  readonly policies: PolicySet;
  readonly context: ConditionContext;
  readonly absent: readonly string[];
  readonly gaps: readonly Gap[];
  readonly account?: ServiceAccount;
  /** The association or service account. */
  readonly address: string;
  /** What the way to the role rests on, to see whether it changed. */
  readonly way: string;
  /** Whether the trust policies let it have the role. */
  readonly reach: 'allowed' | 'denied' | 'unknown';
}

const ADMINISTRATOR = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}';

const textOf = ({ address, text }: { readonly address: string; readonly text: Known<string> }): string | undefined =>
  /^arn:[^:]+:iam::aws:policy\/AdministratorAccess$/.test(address) ? ADMINISTRATOR : knownOf(text);

function setOf(role: DeployedRole | undefined): Pick<Holder, 'policies' | 'gaps'> {
  const all = (role?.policies ?? []).map((one) => ({ ...one, known: textOf(one) }));
  const named = ({ address, policy, known = '' }: (typeof all)[number]): NamedDocument => ({
    name: policy === undefined ? address : `${address} policy ${policy}`,
    document: known,
  });
  // A policy without statements allows nothing.
  const known = all.filter((one) => one.known !== undefined && !/"Statement":\s*\[\s*\]/.test(one.known));
  const limit = known.find(({ kind }) => kind === 'boundary');
  return {
    policies: {
      identityPolicies: known.filter(({ kind }) => kind !== 'boundary').map(named),
      ...(limit && { permissionsBoundary: named(limit) }),
    },
    gaps: all.flatMap(({ kind, address, text, isElsewhere = false, ...one }) =>
      one.known === undefined && text instanceof Unknown
        ? [{ kind: kind === 'inline' ? 'other' : kind, address, reason: text.reason, isElsewhere } as const]
        : [],
    ),
  };
}

const tagsOf = (role: DeployedRole | undefined): ConditionContext =>
  Object.fromEntries(Object.entries(role?.tags ?? {}).map(([key, value]) => [`aws:PrincipalTag/${key}`, value]));

/** Returns a role for all its sessions. */
export const holderOfRole = (role: DeployedRole): Holder => ({
  ...{ name: `role ${role.name}`, role, roleArn: role.arn, address: role.address, way: '', reach: 'allowed' },
  ...{ ...setOf(role), context: tagsOf(role), absent: [] },
});

/** Whether only EKS Pod Identity may assume the role. */
export function isForPods({ trust }: DeployedRole): boolean {
  const text = knownOf(trust) ?? '';
  const principals = (text === '' ? [] : listOf((JSON.parse(text) as JsonObject)['Statement']))
    .map(objectOf)
    .filter((one) => one['Effect'] === 'Allow')
    .map((one) => objectOf(one['Principal']));
  return (
    principals.length > 0 &&
    principals.every((one) => Object.keys(one).join() === 'Service' && listOf(one['Service']).every((service) => service === POD_IDENTITY_SERVICE))
  );
}

/** Returns the service accounts that files give a role, by a key that is the same before and after. */
export function holdersOfAccounts(side: AccessSide): {
  readonly holders: ReadonlyMap<string, Holder>;
  readonly unknown: readonly { readonly address: string; readonly reason: string }[];
} {
  const holders = new Map<string, Holder>();
  const unknown: { address: string; reason: string }[] = [];
  const find = (arn: string): DeployedRole | undefined =>
    side.roles.find((one) => one.arn === arn) ?? side.roles.find((one) => one.name === roleNameOf(arn) && !/^arn:/.test(one.name));
  for (const one of side.serviceAccounts) {
    const arn = one.annotations[ROLE_ANNOTATION];
    const account = { namespace: one.namespace ?? 'default', serviceAccount: one.name };
    const name = `${account.namespace}/${account.serviceAccount}`;
    if (arn instanceof Unknown) unknown.push({ address: one.address, reason: arn.reason });
    if (arn === undefined || arn instanceof Unknown || arn === '') continue;
    const role = find(arn);
    holders.set(name, {
      ...{ name, role, roleArn: role?.arn ?? arn, address: one.address, account, ...setOf(role), context: tagsOf(role) },
      ...{ absent: [], way: `${arn} ${String(knownOf(role?.trust))}`, reach: reachOfToken(role, account) },
    });
  }
  for (const one of side.associations) {
    const { cluster, namespace, serviceAccount, roleArn, targetRoleArn, policy, disableSessionTags, unsure = [] } = one;
    const missing = [cluster, namespace, serviceAccount, roleArn, targetRoleArn, policy].filter((value) => value instanceof Unknown);
    // Until it has a name, a cluster is known by the association.
    const isNamed = !(namespace instanceof Unknown) && !(serviceAccount instanceof Unknown);
    const isDecided = isNamed && missing.every((value) => value === cluster) && unsure.length === 0;
    if (!isDecided || roleArn instanceof Unknown) {
      const reason = [...missing.map(({ reason: why }) => why), ...unsure].join(' and ');
      unknown.push({ address: one.address, reason });
      continue;
    }
    const account = { namespace: String(knownOf(namespace)), serviceAccount: String(knownOf(serviceAccount)) };
    const clusterName = knownOf(cluster) ?? 'cluster';
    const arn = `arn:aws:eks:${side.region}:${side.accountId}:cluster/${clusterName}`;
    const base = find(roleArn);
    const target = knownOf(targetRoleArn);
    const role = target === undefined ? base : find(target);
    const limit = knownOf(policy);
    const { policies, gaps } = setOf(role);
    const { tags } = podIdentityTags({ name: clusterName, arn }, account);
    const known = tags.filter(({ key }) => !/pod-(?:name|uid)$/.test(key));
    const name = `${account.namespace}/${account.serviceAccount} in cluster ${clusterName}`;
    holders.set(`${clusterName} ${account.namespace}/${account.serviceAccount}`, {
      ...{ name, role, roleArn: role?.arn ?? target ?? roleArn, address: one.address, account, gaps },
      policies: { ...policies, ...(limit !== undefined && { sessionPolicies: [{ name: `${one.address}.policy`, document: limit }] }) },
      context: {
        ...tagsOf(role),
        ...(!disableSessionTags && Object.fromEntries(known.map(({ key, value }) => [`aws:PrincipalTag/${key}`, value]))),
      },
      absent: disableSessionTags ? ['aws:PrincipalTag/'] : [],
      way: JSON.stringify([roleArn, target, base && knownOf(base.trust), role && knownOf(role.trust)]),
      reach: base === undefined || role === undefined ? 'allowed' : reachOfPods(base, role, { name: clusterName, arn }, account, one),
    });
  }
  return { holders, unknown };
}

const trustOf = ({ trust, address }: DeployedRole): PolicySource => ({
  ...{ kind: 'trust', name: address },
  ...(knownOf(trust) === undefined ? { reason: 'unknown' } : { text: knownOf(trust)! }),
});

/** Decides the trust policies on the way from an association to its role. */
function reachOfPods(
  base: DeployedRole,
  role: DeployedRole,
  cluster: { readonly name: string; readonly arn: string },
  subject: ServiceAccount,
  { disableSessionTags, externalId }: { readonly disableSessionTags: boolean; readonly externalId?: string | undefined },
): Holder['reach'] {
  let reach: Holder['reach'] = 'allowed';
  if (base.trust === '') return reach;
  const path = podIdentitySession({
    ...{ cluster, subject, disableSessionTags, externalId, role: { arn: base.arn, tags: new Map(Object.entries(base.tags)) } },
    ...(role !== base && { targetRole: { arn: role.arn, tags: new Map(Object.entries(role.tags)) } }),
  });
  follow(path, (step) => {
    if (!isQuestion(step)) return true;
    const sources =
      step.stage === 'trust'
        ? [trustOf(base)]
        : [
            trustOf(role),
            ...base.policies.map((one): PolicySource => {
              const text = textOf(one);
              const kind = one.kind === 'boundary' ? 'boundary' : 'identity';
              return { kind, name: one.address, ...(text === undefined ? { reason: 'unknown' } : { text }) };
            }),
          ];
    const { value } = decideWithin(step, sources);
    if (value !== 'allowed') reach = value === 'unknown' && reach !== 'denied' ? 'unknown' : value;
    return value !== 'denied';
  });
  return reach;
}

/** Decides whether the trust policy lets tokens of the service account have the role, from any provider that it names. */
function reachOfToken(role: DeployedRole | undefined, { namespace, serviceAccount }: ServiceAccount): Holder['reach'] {
  if (role === undefined || role.trust === '') return 'allowed';
  const text = knownOf(role.trust);
  if (text === undefined) return 'unknown';
  const providers = [...new Set(text.match(/arn:[^:"]+:iam::\d+:oidc-provider\/[^"]+/g))];
  const values = providers.map((providerArn) => {
    const issuer = providerArn.replace(/^.*:oidc-provider\//, '');
    const subject = `system:serviceaccount:${namespace}:${serviceAccount}`;
    return decideWithin(
      {
        principal: { kind: 'federated', providerArn, accountId: providerArn.split(':')[4]! },
        ...{ action: 'sts:AssumeRoleWithWebIdentity', resource: role.arn, resourceAccount: role.arn.split(':')[4]! },
        context: { 'aws:FederatedProvider': providerArn, [`${issuer}:sub`]: subject, [`${issuer}:aud`]: 'sts.amazonaws.com' },
        unknown: { 'sts:RoleSessionName': '' },
      },
      [trustOf(role)],
    ).value;
  });
  return values.find((one) => one === 'allowed') ?? values.find((one) => one === 'unknown') ?? 'denied';
}
