import type { CallRecord } from '../../emulator/index.ts';
import { accountOf, generalize, inPlaces, withoutCovered, type Places } from '../cloud/generalize.ts';
import { isOfJob, type EvaluatedStatement } from '../cloud/outside.ts';
import {
  AUTO_MODE,
  BOUNDARY_GROUPS,
  JOB_GROUPS,
  OTHER_ACCOUNT_GROUPS,
  type Group,
  type Statement,
} from './statements.ts';

/** Maximum length of a managed policy, without white space (IAM User Guide, "IAM and AWS STS quotas"). */
export const LONGEST_POLICY = 6144;

/** The longest values, because the policy's size is limited. No region name is longer, and the role has no path. */
const LONGEST_PLACES: Places = {
  account: '111122223333',
  region: 'ap-southeast-2',
  otherAccountRole: `arn:aws:iam::444455556666:role/${'r'.repeat(64)}`,
};

export interface Recorded extends Places {
  readonly calls: readonly CallRecord[];
  readonly jobPolicyName: string;
  readonly otherPolicyName: string;
}

interface Asked {
  readonly action: string;
  readonly resource: string;
}

/** Returns the job's policy from its allowed calls, including failed ones, since AWS authorizes first. */
export function jobPolicy(recorded: Recorded): string {
  const requests = askedWhere(recorded, (statement) => isOfJob(statement, recorded.jobPolicyName));
  return textOf(grouped(requests, JOB_GROUPS));
}

export const autoModePolicy = (): string => textOf(AUTO_MODE);

/** Returns the policy in the second account, where `<account>` is that account. */
export function otherAccountPolicy(recorded: Recorded): string {
  const otherRecording = { ...recorded, account: accountOf(recorded.otherAccountRole) };
  const requests = askedWhere(otherRecording, (statement) => isOfJob(statement, recorded.otherPolicyName));
  return textOf(grouped(requests, OTHER_ACCOUNT_GROUPS));
}

/** Returns the boundary from the actions of created roles that it allowed. */
export function boundaryPolicy(recorded: Recorded): string {
  const requests = askedWhere(recorded, ({ kind }) => kind === 'boundary');
  return textOf(grouped(requests, BOUNDARY_GROUPS));
}

function askedWhere({ calls, ...places }: Recorded, decides: (statement: EvaluatedStatement) => boolean): Asked[] {
  return calls.flatMap(({ authorizations }) =>
    authorizations
      .filter(
        ({ decision }) =>
          decision.value === 'allowed' && decision.statements.some((one) => one.applied && decides(one)),
      )
      .map(({ action, resource }) => ({ action, resource: generalize(action, resource, places) })),
  );
}

function grouped(requests: readonly Asked[], groups: readonly Group[]): Statement[] {
  const members = new Map<Group, Asked[]>(groups.map((group) => [group, []]));
  for (const one of requests) {
    const group = groups.find(({ takes }) => takes(one.action, one.resource));
    if (group === undefined)
      throw new Error(`No statement covers ${one.action} on ${one.resource}. Add one in scripts/policy/statements.ts.`);
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
      `The policy can have ${length} characters, but a managed policy at most ${LONGEST_POLICY}. Split it.`,
    );
  return `${JSON.stringify(policy, undefined, 2)}\n`;
}

/** Counts a policy's characters with the longest placeholder values. */
export const longestOf = (policy: string): number => inPlaces(policy, LONGEST_PLACES).replace(/\s/g, '').length;
