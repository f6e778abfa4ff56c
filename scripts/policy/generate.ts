import type { CallRecord } from '../../emulator/index.ts';
import { generalize, withoutCovered, type Places } from './generalize.ts';
import { BOUNDARY_GROUPS, JOB_GROUPS, NOT_REHEARSED, type Group, type Statement } from './statements.ts';

/** Characters of a managed policy, white space not counted (IAM User Guide, "IAM and AWS STS quotas"). */
const LONGEST_POLICY = 6144;

export interface Recorded extends Places {
  readonly calls: readonly CallRecord[];
  readonly jobRoleName: string;
}

interface Asked {
  readonly action: string;
  readonly resource: string;
}

/**
 * The job's policy: what its session was asked for by AWS and was allowed by its own policy. What a call is answered with
 * after that, a 404 for example, makes no difference: AWS asks first.
 */
export function jobPolicy(recorded: Recorded): string {
  const { jobRoleName } = recorded;
  const asked = askedWhere(
    recorded,
    ({ kind, policy }) => kind === 'identity' && policy.endsWith(` of role ${jobRoleName}`),
  );
  return textOf([...grouped(asked, JOB_GROUPS), ...NOT_REHEARSED]);
}

/** The boundary: what roles that the harness made did, as far as their boundary had a say in it. */
export function boundaryPolicy(recorded: Recorded): string {
  const asked = askedWhere(recorded, ({ kind }) => kind === 'boundary');
  return textOf(grouped(asked, BOUNDARY_GROUPS));
}

type Judged = CallRecord['authorizations'][number]['decision']['statements'][number];

function askedWhere({ calls, ...places }: Recorded, decides: (statement: Judged) => boolean): Asked[] {
  return calls.flatMap(({ authorizations }) =>
    authorizations
      .filter(
        ({ decision }) =>
          decision.value === 'allowed' && decision.statements.some((one) => one.applied && decides(one)),
      )
      .map(({ action, resource }) => ({ action, resource: generalize(action, resource, places) })),
  );
}

function grouped(asked: readonly Asked[], groups: readonly Group[]): Statement[] {
  const members = new Map<Group, Asked[]>(groups.map((group) => [group, []]));
  for (const one of asked) {
    const group = groups.find(({ takes }) => takes(one.action, one.resource));
    if (group === undefined)
      throw new Error(`No statement is for ${one.action} on ${one.resource}: add one in scripts/policy/statements.ts.`);
    members.get(group)?.push(one);
  }
  return [...members]
    .filter(([, all]) => all.length > 0)
    .map(([{ sid, condition }, all]) => ({
      Sid: sid,
      Effect: 'Allow' as const,
      Action: [...new Set(all.map(({ action }) => action))].sort(),
      Resource: withoutCovered(all.map(({ resource }) => resource)),
      ...(condition !== undefined && { Condition: condition }),
    }));
}

function textOf(statements: readonly Statement[]): string {
  const policy = { Version: '2012-10-17', Statement: statements };
  const length = JSON.stringify(policy).length;
  if (length > LONGEST_POLICY)
    throw new Error(`The policy has ${length} characters, and a managed policy at most ${LONGEST_POLICY}: split it.`);
  return `${JSON.stringify(policy, undefined, 2)}\n`;
}
