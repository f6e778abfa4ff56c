import { commandLine } from '../foundation/node/command-line.ts';
import { awsProblem } from '../foundation/aws/aws-problem.ts';
import { HarnessError } from '../foundation/node/errors.ts';

/**
 * An error of AWS that stops what a run is doing, in the harness' words: BAD_AWS for what the user must set right. What a
 * run began with was right, so credentials that expire later are the environment's failure. Undefined for other errors.
 */
export function awsFailure(error: unknown): HarnessError | undefined {
  if (error instanceof HarnessError) return undefined;
  const known = awsProblem(error);
  if (known === undefined) return undefined;
  // Where they come from gives no more.
  if (known.kind === 'expired-credentials' || known.kind === 'no-credentials')
    return new HarnessError(
      'CREDENTIALS_EXPIRED',
      `The AWS credentials expired before the run was over: remove what it left with fresh ones (\`${commandLine('sweep', '--cluster eks')}\`), and give the next run a longer session.`,
      { cause: error },
    );
  return new HarnessError(known.blame === 'usage' ? 'BAD_AWS' : 'AWS_FAILED', known.sentence, { cause: error });
}
