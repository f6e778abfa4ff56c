import type { CallRecord } from '../../emulator/index.ts';

/** The role that a job has a session of, and the managed policy that the role has. */
export interface Job {
  readonly jobRoleName: string;
  readonly jobPolicyName: string;
}

/** A statement that had a say in a decision. */
export type Judged = CallRecord['authorizations'][number]['decision']['statements'][number];

/** Whether it is one of the job's policy. */
export const isOfJob = ({ kind, policy }: Judged, jobPolicyName: string): boolean =>
  kind === 'identity' && policy === `managed policy ${jobPolicyName}`;

/**
 * What the job asked for outside its policy, an action and a resource each. A denial that is not the policy's does not
 * count: a trust policy that is not in force yet, for example.
 */
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
