import { knownOf, Unknown, type DeployedRole, type Known } from '../deployment/deployment.ts';
import { defaultKeyPolicy } from '../policy/key-policy.ts';
import type { NamedDocument } from '../difference/index.ts';
import type { Guard } from './decide.ts';
import type { AccessSide } from './files.ts';

export type RolePair = readonly [before: DeployedRole | undefined, after: DeployedRole | undefined];
export const sameJson = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Returns items of both sides in pairs: by the first test that finds one, in the order of tests. */
function paired<T>(before: readonly T[], after: readonly T[], tests: readonly ((one: T, other: T) => boolean)[]) {
  const unpaired = new Set(before);
  const partners = new Map<T, T>();
  for (const test of tests)
    for (const is of after) {
      const was = partners.has(is) ? undefined : [...unpaired].find((one) => test(one, is));
      if (was === undefined) continue;
      partners.set(is, was);
      unpaired.delete(was);
    }
  return [
    ...after.map((is) => [partners.get(is), is] as const),
    ...[...unpaired].map((was) => [was, undefined] as const),
  ];
}

/** Returns roles of both sides in pairs: the same ARN, or else the same address. */
export function rolePairs(before: AccessSide, after: AccessSide): readonly RolePair[] {
  const isOnlyPolicy = ({ files, roles }: AccessSide): boolean => files.length === 1 && roles[0]?.trust === '';
  const areOnly = isOnlyPolicy(before) && isOnlyPolicy(after);
  return paired(before.roles, after.roles, [
    (one, other) => one.arn === other.arn && one.address === other.address,
    (one, other) => one.arn === other.arn,
    (one, other) => one.address === other.address || areOnly,
  ]);
}

const DENIES_ALL = '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"*"}}';

/** Returns the trust policies and resource policies of both sides, and which of them are not known. */
export function guardsOf(before: AccessSide, after: AccessSide, pairs: readonly RolePair[]) {
  const unknown: { subject: string; reason: string }[] = [];
  const named = (name: string, text: Known<string> | undefined): NamedDocument | undefined =>
    knownOf(text) ? { name, document: knownOf(text)! } : undefined;
  const trusts = pairs.flatMap(([was, is]): Guard[] => {
    const { address, arn } = (is ?? was)!;
    const [old, now] = [was, is].map((one) =>
      named(`${address} trust policy`, one === undefined ? DENIES_ALL : one.trust),
    );
    return old && now ? [{ kind: 'trust', address, resources: [arn], before: old, after: now }] : [];
  });
  const policies = paired(before.resourcePolicies, after.resourcePolicies, [
    (one, other) => one.address === other.address,
    (one, other) => one.resources !== undefined && sameJson(one.resources, other.resources),
  ]).flatMap(([was, is]): Guard[] => {
    const { address } = is ?? was;
    const missing = [is?.text, was?.text].find((text) => text instanceof Unknown);
    if (missing !== undefined && !sameJson(was?.text, is?.text))
      unknown.push({ subject: `policy of ${address}`, reason: missing.reason });
    if (missing !== undefined) return [];
    const resources = [...new Set([...(was?.resources ?? []), ...(is?.resources ?? [])])];
    const texts = [was, is].map((one) => named(address, one?.text ?? defaultPolicy(resources, after.accountId)));
    return [
      { kind: 'resource', address, resources: resources[0] && resources, before: texts[0], after: texts[1] } as Guard,
    ];
  });
  return { guards: [...trusts, ...policies], unknown };
}

/** Returns the policy of a key that has none (KMS Developer Guide, "Default key policy"). */
function defaultPolicy([resource = '']: readonly string[], owner: string): string | undefined {
  const [, named] = /^arn:[^:]+:kms:[^:]*:(\d{12}|\*):/.exec(resource) ?? [];
  const account = named === '*' ? owner : named;
  return account && JSON.stringify(defaultKeyPolicy(account));
}
