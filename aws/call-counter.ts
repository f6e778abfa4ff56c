import type { IAMClient } from '@aws-sdk/client-iam';
import { isThrottling } from '../foundation/aws/aws-problem.ts';
import type { CallCounts } from './call-counts.ts';

export type AwsClient = Pick<IAMClient, 'middlewareStack'>;
export type CallCounter = ReturnType<typeof callCounter>;

export function callCounter() {
  const byOperation = new Map<string, number>();
  let total = 0;
  let retries = 0;
  let throttled = 0;
  const begin = (operation: string): void => {
    byOperation.set(operation, (byOperation.get(operation) ?? 0) + 1);
    total += 1;
  };
  return {
    /** Counts a call that bypasses the SDK. `code` is its error code. */
    sent: (operation: string, code?: string): void => {
      begin(operation);
      if (code !== undefined && isThrottling(code)) throttled += 1;
    },
    /** Counts all later calls of a client. `service` is the prefix of the name, as in `iam:CreateRole`. */
    count: (service: string, client: AwsClient): void =>
      client.middlewareStack.add(
        (next, context) => async (args) => {
          begin(`${service}:${(context.commandName ?? 'Unknown').replace(/Command$/, '')}`);
          if (isRetry(args)) retries += 1;
          try {
            return await next(args);
          } catch (error) {
            if (isThrottling((error as Error).name)) throttled += 1;
            throw error;
          }
        },
        { step: 'deserialize', name: 'countCalls', priority: 'high' },
      ),
    counts: (): CallCounts => ({
      total,
      retries,
      throttled,
      byOperation: Object.fromEntries([...byOperation].sort(([a], [b]) => a.localeCompare(b))),
    }),
  };
}

/** Whether a request is a retry. The SDK numbers attempts in the header `amz-sdk-request: attempt=2; max=3`. */
function isRetry(args: unknown): boolean {
  const { request } = args as { readonly request?: { readonly headers?: Readonly<Record<string, string>> } };
  const attempt = /attempt=(\d+)/.exec(request?.headers?.['amz-sdk-request'] ?? '')?.[1];
  return attempt !== undefined && Number(attempt) > 1;
}
