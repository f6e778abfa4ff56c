import type { CallRecord } from '../../emulator/index.ts';

/** The job's role, and its managed policy. */
export interface Job {
  readonly jobRoleName: string;
  readonly jobPolicyName: string;
}

/** A statement that took part in a decision. */
export type Judged = CallRecord['authorizations'][number]['decision']['statements'][number];

export const isOfJob = ({ kind, policy }: Judged, jobPolicyName: string): boolean =>
  kind === 'identity' && policy === `managed policy ${jobPolicyName}`;

/** Returns the job's actions and resources denied by its own policy; a trust policy may just not be effective yet. */
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
