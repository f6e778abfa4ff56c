import type { Question, Session } from '../../identity/question.ts';
import { accountOf } from '../../identity/role.ts';
import type { Role } from '../snapshot/aws.ts';
import type { ClusterFacts } from './cluster-facts.ts';
import { statementsOf, type Statement } from './statements.ts';
import { culprits, decidePath, type TrustDecision } from './trust.ts';

/** A request that one Allow statement of a role grants if its conditions hold. */
interface Example {
  /** As in `statement 1 "Own" of policy app`. */
  readonly label: string;
  readonly statement: Statement;
  readonly action: string;
  readonly resource: string;
}

const TAG = /aws:PrincipalTag\/([\w+=,.@:-]+)/gi;

const firstOf = (value: unknown): string | undefined => [value].flat().map(String)[0];

/** Returns an example of each Allow statement that lists actions and resources. */
function examplesOf({ policies = {} }: Role, { principal }: Session): readonly Example[] {
  return Object.entries(policies).flatMap(([policy, text]) =>
    statementsOf(text).flatMap((statement, index): readonly Example[] => {
      const { Effect, Sid, Action, Resource } = statement;
      if (Effect !== 'Allow' || Action === undefined || Resource === undefined) return [];
      const valueOf = (key: string): string => principal.tags.find((tag) => tag.key === key)?.value ?? 'x';
      const resource = firstOf(Resource)?.replace(/\$\{aws:PrincipalTag\/([^},]+)[^}]*\}/gi, (_, key: string) =>
        valueOf(key),
      );
      return [
        {
          label: `statement ${index + 1}${Sid === undefined ? '' : ` "${Sid}"`} of policy ${policy}`,
          statement,
          action: (firstOf(Action) ?? '').replaceAll('*', 'x'),
          resource: (resource ?? '').replace(/\$\{[^}]*\}/g, 'x').replaceAll(/[*?]/g, 'x'),
        },
      ];
    }),
  );
}

/** Decides a request of a session by the policies of its role. Other keys than the session's tags may have any value. */
function decide(
  facts: ClusterFacts,
  { principal, unknown }: Session,
  role: Role,
  { action, resource }: Example,
  absent: readonly string[],
): TrustDecision {
  const question: Question = {
    ...{ stage: 'access', principal, action, resource, resourceAccount: accountOf(role.arn), context: {}, absent },
    unknown: { ...unknown, '': '' },
  };
  const path = (function* () {
    yield question;
  })();
  return decidePath(facts, path, { roleOf: () => role }).decisions[0] ?? { value: 'unknown' };
}

/** A statement that can never apply to a session. */
export interface UnusableStatement {
  readonly label: string;
  /** The tags that the session lacks. */
  readonly tags: readonly string[];
}

/** Returns the Allow statements of a session's role that never apply, because they need tags that the session lacks. */
export function statementsWithoutTags(facts: ClusterFacts, session: Session, role: Role): readonly UnusableStatement[] {
  const owned = new Set(
    [...session.principal.tags.map(({ key }) => key), ...Object.keys(role.tags)].map((key) => key.toLowerCase()),
  );
  return examplesOf(role, session).flatMap((example): readonly UnusableStatement[] => {
    const text = JSON.stringify(example.statement);
    const tags = [...new Set([...text.matchAll(TAG)].map(([, key = '']) => key))].filter(
      (key) => !owned.has(key.toLowerCase()),
    );
    if (tags.length === 0) return [];
    const { permissionsBoundary: _boundary, unread: _unread, ...rest } = role;
    const alone: Role = {
      ...rest,
      policies: { one: JSON.stringify({ Version: '2012-10-17', Statement: [example.statement] }) },
    };
    const unlimited = { ...session, principal: { ...session.principal, sessionPolicies: [] } };
    const is = (absent: readonly string[]) => decide(facts, unlimited, alone, example, absent).value;
    return is(['aws:PrincipalTag/']) === 'denied' && is([]) !== 'denied' ? [{ label: example.label, tags }] : [];
  });
}

/** An allowed action that another statement or the boundary always takes away. */
export interface DeniedGrant {
  readonly label: string;
  readonly action: string;
  readonly reason: string;
}

/** Returns what a role's policies allow, but a Deny by a session tag, or a boundary without AWS STS, takes away. */
export function deniedGrants(facts: ClusterFacts, session: Session, role: Role): readonly DeniedGrant[] {
  return examplesOf(role, session).flatMap((example): readonly DeniedGrant[] => {
    const { value, decision, reason = '' } = decide(facts, session, role, example, []);
    if (value !== 'denied' || decision === undefined) return [];
    const { label, action } = example;
    const isByTag =
      decision.value === 'explicitlyDenied' && culprits(decision).some(({ key }) => /^aws:PrincipalTag\//i.test(key));
    const isByBoundary = decision.deniedBy === 'boundary' && /^sts:/i.test(action);
    return isByTag || isByBoundary ? [{ label, action, reason }] : [];
  });
}
