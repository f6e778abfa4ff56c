import { isMissing } from '../../foundation/aws/missing.ts';
import { retry } from '../../foundation/node/poll.ts';
import type { AwsTarget } from '../aws-target/target.ts';
import type { ScenarioWorld } from '../scenario/world.ts';

/** Between two questions to AWS about the same thing. */
export const AWS_POLL_MILLISECONDS = 1100;

/**
 * Between two questions to a cluster's API server: those of AWS are far away and shared with others, an embedded one and one
 * in Docker are neither.
 */
export const kubernetesPollMilliseconds = ({ name }: Pick<AwsTarget, 'name'>): number => (name === 'aws' ? 500 : 50);

/** Waits until the changes of IAM that a scenario has made are in force, where AWS takes a while for that. */
export async function waitForIam({ environment, signal, scenario: { spec } }: ScenarioWorld): Promise<void> {
  const things = [...Object.values(spec.roles ?? {}), ...(spec.providers ?? [])];
  const accounts = things.map(({ account = 'main' }) => account);
  await environment.aws.propagation?.waitForIam(signal, new Set(['main', ...accounts]));
}

/** Whether a scenario has something of IAM that must be in force before anything uses it. */
export const usesIam = ({ scenario: { spec } }: ScenarioWorld): boolean =>
  Object.keys(spec.roles ?? {}).length > 0 || (spec.providers ?? []).length > 0;

/**
 * Repeats a call while it throws what `isPassing` says will pass once earlier changes are in force, for as long as they may
 * take; then throws that. Where changes are in force at once the call is made once.
 */
export function retryUntilConsistent<T>(
  { environment, signal }: ScenarioWorld,
  isPassing: (error: Error) => boolean,
  call: () => Promise<T>,
  pauseMilliseconds = AWS_POLL_MILLISECONDS,
): Promise<T> {
  const { propagation } = environment.aws;
  if (propagation === undefined) return call();
  return retry(call, {
    every: pauseMilliseconds,
    within: propagation.boundSeconds * 1000,
    signal,
    tolerates: (error) => isPassing(error as Error),
  });
}

/**
 * IAM and S3 refuse a principal that they do not know of: that of a role which was made a moment ago passes (IAM User Guide,
 * "Troubleshooting IAM", "Changes that I make are not always immediately visible").
 */
export const isUnknownPrincipal = ({ name, message }: Error): boolean =>
  /^MalformedPolicy/.test(name) && /invalid principal in policy(?!: "SERVICE")/i.test(message);

/**
 * What was made a moment ago may not be there yet for the next call: a role that gets a policy, the boundary of a new role, a
 * bucket. Nor may a principal that a policy names.
 */
export const isPolicyTooSoon = (error: Error): boolean => isMissing(error) || isUnknownPrincipal(error);
