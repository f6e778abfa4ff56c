import type { CallRecord } from '../../emulator/index.ts';

/**
 * What the job asked for outside its policy, an action and a resource each. A denial that is not the policy's does not
 * count: a trust policy that is not in force yet, for example.
 */
export function outsidePolicy(calls: readonly CallRecord[], jobRoleName: string): readonly string[] {
  return calls
    .filter(({ caller }) => caller.includes(`:assumed-role/${jobRoleName}/`))
    .flatMap(({ authorizations }) => authorizations)
    .filter(
      ({ decision: { value, statements } }) =>
        value !== 'allowed' &&
        statements.some(({ kind, policy }) => kind === 'identity' && policy.endsWith(` of role ${jobRoleName}`)) &&
        !statements.some(({ kind, applied, effect }) => kind === 'identity' && applied && effect === 'Allow'),
    )
    .map(({ action, resource }) => `${action} on ${resource}`);
}
