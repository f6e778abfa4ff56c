import { HarnessError } from '../../foundation/node/errors.ts';
import type { RawPolicy } from '../scenario/policy.ts';
import { isPolicyTooSoon, retryUntilConsistent } from './iam.ts';
import type { ScenarioContext } from '../scenario/scenario-context.ts';

/** Names under which AWS's services refuse a policy document. */
const REFUSALS: ReadonlySet<string> = new Set([
  'MalformedPolicyDocument',
  'MalformedPolicyDocumentException',
  'MalformedPolicy',
]);
const LIMIT = /^LimitExceeded(Exception)?$/;
/** IAM's message for a document's size; the same error code means an exceeded quota of roles. */
const SIZE = /ACLSizePerRole|PolicySize|policy size/i;

const isRefused = ({ name, message }: Error): boolean => REFUSALS.has(name) || (LIMIT.test(name) && SIZE.test(message));

/** Makes a call with a policy of the scenario. Throws `HarnessError` BAD_POLICY if AWS refuses the policy. */
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
      `AWS does not accept the ${what}${from} of ${scenario.id} in ${scenario.file}: ${[message, ...notes].join('; ')}`,
      { cause: error },
    );
  }
}
