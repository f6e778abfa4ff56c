import { commandLine } from '../foundation/node/command-line.ts';
import { awsProblem } from '../foundation/aws/aws-problem.ts';
import { HarnessError } from '../foundation/node/errors.ts';

/** Turns an AWS error into BAD_AWS (user) or an environment failure, such as credentials that expire during the run. */
export function awsFailure(error: unknown): HarnessError | undefined {
  if (error instanceof HarnessError) return undefined;
  const known = awsProblem(error);
  if (known === undefined) return undefined;
  // Their source has no newer ones.
  if (known.kind === 'expired-credentials' || known.kind === 'no-credentials')
    return new HarnessError(
      'CREDENTIALS_EXPIRED',
      `The AWS credentials expired before the run was over: remove what it left with fresh ones (\`${commandLine('sweep', '--cluster eks')}\`), and give the next run a longer session.`,
      { cause: error },
    );
  return new HarnessError(known.blame === 'usage' ? 'BAD_AWS' : 'AWS_FAILED', known.sentence, { cause: error });
}
