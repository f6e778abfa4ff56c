import { awsProblem } from '../../foundation/aws/aws-problem.ts';
import { ClusterError } from '../../foundation/node/cluster-error.ts';

/** Matches an error code with or without the suffix `Exception`, which only some IAM codes have. */
export const isNamed = (error: unknown, name: string): boolean =>
  error instanceof Error && (error.name === name || error.name === `${name}Exception`);

/** Converts AWS errors to `ClusterError`s with cause and remedy. `doing` is the attempt: `create cluster a`. */
export function explained(error: unknown, doing: string): Error {
  if (error instanceof ClusterError) return error;
  const problem = awsProblem(error);
  if (problem !== undefined)
    return new ClusterError('AWS_FAILED', problem.sentence, { blame: problem.blame, cause: error });
  const { name, message, $metadata } = error as Error & { readonly $metadata?: unknown };
  if ($metadata === undefined) return error as Error;
  return new ClusterError(
    'AWS_FAILED',
    `AWS did not ${doing} (${name}: ${message.split('\n')[0]?.replace(/\.$/, '')}).`,
    { cause: error },
  );
}

/** Returns EKS's health issues in one line, if any. */
export function healthOf(
  health:
    | {
        readonly issues?:
          readonly { readonly code?: string | undefined; readonly message?: string | undefined }[] | undefined;
      }
    | undefined,
): string | undefined {
  const issues = (health?.issues ?? []).map(({ code, message }) =>
    [code, message?.split('\n')[0]?.trim().replace(/\.$/, '')].filter((part) => part !== undefined).join(': '),
  );
  return issues.length === 0 ? undefined : issues.join('; ');
}
