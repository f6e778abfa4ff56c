import type { Ledger, Making } from '../../foundation/journal.ts';
import type { AwsTarget } from '../aws/target.ts';

/**
 * Notes in the run's state file in which accounts it makes things, where these outlive the run. Gives the function that takes
 * the note back, for when all is gone.
 */
export function noteAws(aws: AwsTarget, ledger: Ledger | undefined): () => void {
  if (aws.name === 'emulator' || ledger === undefined) return () => undefined;
  const accounts = [aws.accountId('main'), ...(aws.capabilities.has('two-accounts') ? [aws.accountId('other')] : [])];
  const makings = [...new Set(accounts)].map((accountId): Making => ({
    kind: 'aws',
    accountId,
    region: aws.region,
    endpoints: { ...aws.endpoints },
  }));
  for (const making of makings) ledger.willMake(making);
  return () => makings.forEach((making) => ledger.removed(making));
}
