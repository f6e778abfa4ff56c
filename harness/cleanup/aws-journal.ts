import type { Journal, JournalEntry } from '../../foundation/journal.ts';
import { accountsOf, type AwsTarget } from '../aws/target.ts';

/**
 * Notes in the run's state file in which accounts it makes things, where these outlive the run. Gives the function that takes
 * the note back, for when all is gone.
 */
export function noteAws(aws: AwsTarget, journal: Journal | undefined): () => void {
  if (aws.name === 'emulator' || journal === undefined) return () => undefined;
  const accounts = accountsOf(aws).map((account) => aws.accountId(account));
  const entries = [...new Set(accounts)].map((accountId): JournalEntry => ({
    kind: 'aws',
    accountId,
    region: aws.region,
    endpoints: { ...aws.endpoints },
  }));
  for (const entry of entries) journal.add(entry);
  return () => entries.forEach((entry) => journal.forget(entry));
}
