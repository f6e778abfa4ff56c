import { isMissing } from '../../foundation/aws/missing.ts';
import { retry } from '../../foundation/node/poll.ts';
import type { AwsTarget } from '../aws-target/target.ts';
import type { ScenarioContext } from '../scenario/scenario-context.ts';

/** Interval between two polls of AWS about the same resource. */
export const AWS_POLL_MILLISECONDS = 1100;

/** Returns the interval between two polls of a cluster's API server. Longer on AWS, which is remote and shared. */
export const kubernetesPollMilliseconds = ({ name }: Pick<AwsTarget, 'name'>): number => (name === 'aws' ? 500 : 50);

/** Waits until a scenario's IAM changes are effective, if AWS is eventually consistent. */
export async function waitForIam({ environment, signal, scenario: { spec } }: ScenarioContext): Promise<void> {
  const things = [...Object.values(spec.roles ?? {}), ...(spec.providers ?? [])];
  const accounts = things.map(({ account = 'main' }) => account);
  await environment.aws.propagation?.waitForIam(signal, new Set(['main', ...accounts]));
}

/** Whether a scenario has IAM resources that must be effective before their use. */
export const usesIam = ({ scenario: { spec } }: ScenarioContext): boolean =>
  Object.keys(spec.roles ?? {}).length > 0 || (spec.providers ?? []).length > 0;

/** Retries a call while `isPassing` accepts its error, until the propagation bound. Calls once if AWS is consistent. */
export function retryUntilConsistent<T>(
  { environment, signal }: ScenarioContext,
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
 * Whether IAM or S3 rejects the principal of a new role, as they do for a moment (IAM User Guide, "Troubleshooting IAM",
 * "Changes that I make are not always immediately visible").
 */
const isUnknownPrincipal = ({ name, message }: Error): boolean =>
  /^MalformedPolicy/.test(name) && /invalid principal in policy(?!: "SERVICE")/i.test(message);

/** A new role, boundary, bucket or principal may not exist yet for the next call. */
export const isPolicyTooSoon = (error: Error): boolean => isMissing(error) || isUnknownPrincipal(error);
