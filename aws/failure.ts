import { commandLine } from '../foundation/node/command-line.ts';
import { awsProblem } from '../foundation/aws/aws-problem.ts';
import { HarnessError } from '../foundation/node/errors.ts';

/** Turns an AWS error into BAD_AWS (user) or an environment failure, such as credentials that expire during the run. */
export function awsFailure(error: unknown): HarnessError | undefined {
  if (error instanceof HarnessError) return undefined;
  const problem = awsProblem(error);
  if (problem === undefined) return undefined;
  // These errors mean that no newer credentials are available.
  if (problem.kind === 'expired-credentials' || problem.kind === 'no-credentials')
    return new HarnessError(
      'CREDENTIALS_EXPIRED',
      `The AWS credentials expired during the run. Delete its leftovers with new credentials (\`${commandLine('sweep', '--cluster eks')}\`), and use a longer session for the next run.`,
      { cause: error },
    );
  return new HarnessError(problem.blame === 'usage' ? 'BAD_AWS' : 'AWS_FAILED', problem.sentence, { cause: error });
}
