import { HarnessError } from '../../foundation/node/errors.ts';
import type { RawPolicy } from '../scenario/policy.ts';
import { isPolicyTooSoon, retryUntilConsistent } from './iam.ts';
import type { ScenarioContext } from '../scenario/scenario-context.ts';

/** AWS's error names for an invalid policy document. */
const REFUSALS: ReadonlySet<string> = new Set([
  'MalformedPolicyDocument',
  'MalformedPolicyDocumentException',
  'MalformedPolicy',
]);
const LIMIT = /^LimitExceeded(Exception)?$/;
/** IAM's messages for the size of a document. The same error code can mean an exceeded quota of roles. */
const SIZE = /ACLSizePerRole|PolicySize|policy size/i;

const isRefused = ({ name, message }: Error): boolean => REFUSALS.has(name) || (LIMIT.test(name) && SIZE.test(message));

/** Makes a call with a policy of the scenario. Throws `HarnessError` BAD_POLICY if AWS rejects the policy. */
export async function handPolicy<T>(
  context: ScenarioContext,
  what: string,
  policy: object,
  call: () => Promise<T>,
): Promise<T> {
  const { scenario } = context;
  try {
    return await retryUntilConsistent(context, isPolicyTooSoon, call);
  } catch (error) {
    if (!isRefused(error as Error)) throw error;
    const { message, $metadata } = error as Error & { readonly $metadata?: { readonly requestId?: string } };
    const { notes = [] } = context.environment.aws.controls?.findCall($metadata?.requestId ?? '') ?? {};
    const from = 'from' in policy ? ` (from ${(policy as RawPolicy).from})` : '';
    throw new HarnessError(
      'BAD_POLICY',
      `AWS rejects the ${what}${from} of ${scenario.id} in ${scenario.file}: ${[message, ...notes].join('; ')}`,
      { cause: error },
    );
  }
}
