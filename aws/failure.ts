import { commandLine } from '../foundation/node/command-line.ts';
import { awsProblem } from '../foundation/aws/aws-problem.ts';
import { HarnessError } from '../foundation/node/errors.ts';

/** Turns an AWS error into BAD_AWS (user) or an environment failure, such as credentials that expire during the run. */
export function awsFailure(error: unknown): HarnessError | undefined {
  if (error instanceof HarnessError) return undefined;
  const known = awsProblem(error);
  if (known === undefined) return undefined;
  // These errors mean that no newer credentials are available.
  if (known.kind === 'expired-credentials' || known.kind === 'no-credentials')
    return new HarnessError(
      'CREDENTIALS_EXPIRED',
      `The AWS credentials expired during the run. Delete its leftovers with new credentials (\`${commandLine('sweep', '--cluster eks')}\`), and use a longer session for the next run.`,
      { cause: error },
    );
  return new HarnessError(known.blame === 'usage' ? 'BAD_AWS' : 'AWS_FAILED', known.sentence, { cause: error });
}
