import type { CallRecord } from '../../emulator/index.ts';

/** Names of the job's role and of its managed policy. */
export interface Job {
  readonly jobRoleName: string;
  readonly jobPolicyName: string;
}

/** A statement that took part in a decision. */
export type EvaluatedStatement = CallRecord['authorizations'][number]['decision']['statements'][number];

export const isOfJob = ({ kind, policy }: EvaluatedStatement, jobPolicyName: string): boolean =>
  kind === 'identity' && policy === `managed policy ${jobPolicyName}`;

/** Returns actions and resources that the job's own policy denied. Ignores trust policies, which may not be effective yet. */
export function outsidePolicy(calls: readonly CallRecord[], { jobRoleName, jobPolicyName }: Job): readonly string[] {
  return calls
    .filter(({ caller }) => caller.includes(`:assumed-role/${jobRoleName}/`))
    .flatMap(({ authorizations }) => authorizations)
    .filter(
      ({ decision: { value, statements } }) =>
        value !== 'allowed' &&
        statements.some((one) => isOfJob(one, jobPolicyName)) &&
        !statements.some(({ kind, applied, effect }) => kind === 'identity' && applied && effect === 'Allow'),
    )
    .map(({ action, resource }) => `${action} on ${resource}`);
}
