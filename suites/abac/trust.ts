/**
 * Trust policies with conditions on tags, by each operator. One role's trust has all conditions that hold; other roles
 * have a Deny for each condition that does not hold. Each trust policy stays within IAM's quota of 2,048 characters.
 */
import {
  askEksAuth,
  assumeByToken,
  assumeRole,
  fails,
  matching,
  succeeds,
  suite,
  trustPodIdentity,
  trustRole,
  trustWebIdentity,
  type Conditions,
  type RoleSpec,
  type TrustStatement,
} from '../../harness/index.ts';
import { MAY_NOT_ASSUME, NOT_ASSUMED } from '../lib/outcomes.ts';
import { base } from '../lib/role-chains.ts';
import { may, mayNot } from '../lib/sessions.ts';
import { BY_TOKEN } from '../lib/worlds.ts';
import { OPERATORS, PASS_TAGS, TRUST_OF_PODS } from '../lib/sources.ts';
import {
  absent,
  allOf,
  notAbsent,
  notTagged,
  NOWHERE,
  tagged,
  type Comparison,
  type TagKey,
} from '../lib/tag-conditions.ts';

const KEYS = 'IAM User Guide, "AWS global condition context keys": aws:RequestTag, aws:PrincipalTag';
/** Deny statements that fit into one trust policy. */
const DENIES = 5;
/** Builds a trust statement with conditions. */
type Trusting = (conditions?: Conditions) => TrustStatement;
type Comparisons = (role: string) => readonly Comparison[];
/**
 * Returns roles: `holds`, whose conditions all hold; `spared1` and so on, whose Denies do not match; `denied`, with one
 * matching Deny; and `missed`, with one condition that does not hold.
 */
function rolesOf(
  key: TagKey,
  { trusting, hold, none }: { readonly trusting: Trusting; readonly hold: Comparisons; readonly none: Comparisons },
): Readonly<Record<string, RoleSpec>> {
  const [action = ''] = trusting().actions;
  const denying = (comparison: Comparison): TrustStatement => ({
    ...trusting(allOf(key, [comparison])),
    effect: 'Deny',
    actions: [action],
  });
  const count = Math.ceil(none('').length / DENIES);
  const spared = Array.from({ length: count }, (_part, at) => {
    const role = `spared${at + 1}`;
    const part = none(role).slice(at * DENIES, (at + 1) * DENIES);
    return [role, { trust: [trusting(), ...part.map(denying)] }] as const;
  });
  const [first] = none('missed');
  return {
    holds: { trust: [trusting(allOf(key, hold('holds')))] },
    ...Object.fromEntries(spared),
    denied: {
      trust: [trusting(), ...none('denied').slice(1, DENIES).map(denying), ...hold('denied').slice(-1).map(denying)],
    },
    missed: { trust: [trusting(allOf(key, [...hold('missed').slice(1), ...(first ? [first] : [])]))] },
  };
}
const isRefused = (role: string): boolean => role === 'denied' || role === 'missed';
const under = (conditions: Conditions | undefined) => (conditions === undefined ? {} : { conditions });

suite('abac', ({ scenario }) => {
  const anybody = trustWebIdentity({ subject: null, audience: null });
  const tagsOf = (role: string) => ({ ...NOWHERE, ownNamespace: `<namespace:${role}>` });
  const ofService = rolesOf('aws:RequestTag', {
    trusting: (conditions) => trustPodIdentity(under(conditions)),
    hold: (role) => tagged(tagsOf(role)),
    none: (role) => notTagged(tagsOf(role)),
  });
  const ofSessions = rolesOf('aws:PrincipalTag', {
    trusting: (conditions) => trustRole('app', under(conditions)),
    hold: () => tagged(),
    none: () => notTagged(),
  });
  const ofTokens = rolesOf('aws:RequestTag', {
    trusting: (conditions) =>
      conditions === undefined ? trustWebIdentity({ subject: 'app/app' }) : { ...anybody, conditions },
    hold: () => absent,
    none: () => notAbsent,
  });

  scenario('AM-23', 'a trust policy applies each operator to the tags that Pod Identity requests', {
    source: `${OPERATORS}; ${TRUST_OF_PODS}`,
    roles: ofService,
    // The service accounts have one name, each in its own namespace.
    workloads: Object.fromEntries(
      Object.keys(ofService).map((role) => [role, { serviceAccount: 'reader', namespace: role, role }]),
    ),
    probes: Object.keys(ofService).map((role) =>
      isRefused(role)
        ? fails(askEksAuth(role), MAY_NOT_ASSUME)
        : succeeds(askEksAuth(role), { roleArn: `<role:${role}>` }),
    ),
  });

  scenario('AM-24', "a trust policy applies each operator to the tags of the pod's session", {
    source: `${OPERATORS}; ${PASS_TAGS}; ${KEYS}`,
    roles: { app: base(...Object.keys(ofSessions)), ...ofSessions },
    workloads: { app: { serviceAccount: 'reader', role: 'app' } },
    probes: Object.keys(ofSessions).map((role) =>
      isRefused(role)
        ? mayNot('app', assumeRole(role), NOT_ASSUMED)
        : may('app', assumeRole(role), { arn: matching(new RegExp(`assumed-role/<role-name:${role}>/`)) }),
    ),
  });

  scenario('AM-25', 'a trust policy applies each operator to tags that a web identity lacks', {
    source: `${OPERATORS}; ${PASS_TAGS}: AssumeRoleWithWebIdentity; ${KEYS}`,
    roles: {
      ...ofTokens,
      // The caller is not an AWS service and passes no tags, so both keys are missing. `anybody` has no conditions.
      source: { trust: [{ ...anybody, conditions: { Null: { 'aws:SourceArn': 'true', 'aws:TagKeys': 'true' } } }] },
      anybody: { trust: [anybody] },
    },
    ...BY_TOKEN,
    probes: [...Object.keys(ofTokens), 'source', 'anybody'].map((role) =>
      isRefused(role)
        ? fails(assumeByToken(role, 'web'), NOT_ASSUMED)
        : succeeds(assumeByToken(role, 'web'), { subject: 'system:serviceaccount:<namespace:app>:app' }),
    ),
  });
});
