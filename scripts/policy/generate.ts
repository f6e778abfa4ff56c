import type { CallRecord } from '../../emulator/index.ts';
import { accountOf, generalize, inPlaces, withoutCovered, type Places } from './generalize.ts';
import { isOfJob, type Judged } from './outside.ts';
import {
  AUTO_MODE,
  BOUNDARY_GROUPS,
  JOB_GROUPS,
  OTHER_ACCOUNT_GROUPS,
  type Group,
  type Statement,
} from './statements.ts';

/** Characters of a managed policy, white space not counted (IAM User Guide, "IAM and AWS STS quotas"). */
export const LONGEST_POLICY = 6144;

/** Where a policy is longest: no region of the partition has a longer name, and no role without a path (IAM quotas). */
const LONGEST_PLACES: Places = {
  account: '111122223333',
  region: 'ap-southeast-2',
  otherAccountRole: `arn:aws:iam::444455556666:role/${'r'.repeat(64)}`,
};

export interface Recorded extends Places {
  readonly calls: readonly CallRecord[];
  readonly jobPolicyName: string;
  /** Name of the policy of the second account's role. */
  readonly otherPolicyName: string;
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
  const asked = askedWhere(recorded, (statement) => isOfJob(statement, recorded.jobPolicyName));
  return textOf(grouped(asked, JOB_GROUPS));
}

/** What a job needs besides for clusters in Auto Mode. */
export const autoModePolicy = (): string => textOf(AUTO_MODE);

/** The policy of the role of the second account, whose number is the one of `<account>` there. */
export function otherAccountPolicy(recorded: Recorded): string {
  const there = { ...recorded, account: accountOf(recorded.otherAccountRole) };
  const asked = askedWhere(there, (statement) => isOfJob(statement, recorded.otherPolicyName));
  return textOf(grouped(asked, OTHER_ACCOUNT_GROUPS));
}

/** The boundary: what roles that the harness made did, as far as their boundary had a say in it. */
export function boundaryPolicy(recorded: Recorded): string {
  const asked = askedWhere(recorded, ({ kind }) => kind === 'boundary');
  return textOf(grouped(asked, BOUNDARY_GROUPS));
}

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
    .map(([{ sid, condition, notRehearsed = [] }, all]) => ({
      Sid: sid,
      Effect: 'Allow' as const,
      Action: [...new Set([...all.map(({ action }) => action), ...notRehearsed])].sort(),
      Resource: withoutCovered(all.map(({ resource }) => resource)),
      ...(condition !== undefined && { Condition: condition }),
    }));
}

function textOf(statements: readonly Statement[]): string {
  const policy = { Version: '2012-10-17', Statement: statements };
  const length = longestOf(JSON.stringify(policy));
  if (length > LONGEST_POLICY)
    throw new Error(
      `The policy can have ${length} characters, and a managed policy at most ${LONGEST_POLICY}: split it.`,
    );
  return `${JSON.stringify(policy, undefined, 2)}\n`;
}

/** Characters of a policy of docs/iam as IAM counts them, where what stands for its placeholders is longest. */
export const longestOf = (policy: string): number => inPlaces(policy, LONGEST_PLACES).replace(/\s/g, '').length;
