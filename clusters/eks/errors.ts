import { awsProblem } from '../../foundation/aws/aws-problem.ts';
import { ClusterError } from '../../foundation/node/cluster-error.ts';

/** Whether an error has the code of a service's API, such as `ResourceNotFoundException`; IAM's may end in `Exception`. */
export const isNamed = (error: unknown, name: string): boolean =>
  error instanceof Error && (error.name === name || error.name === `${name}Exception`);

/**
 * An error of AWS as one that tells who is to blame and what to do; others as they are. `doing` stands for what was tried:
 * `make cluster a`.
 */
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

/** What EKS says about the health of a thing, in one line; undefined when it says nothing. */
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
