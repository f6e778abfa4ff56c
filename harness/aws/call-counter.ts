import { isThrottling } from '../../foundation/aws-problem.ts';
import type { CallCounts } from './call-counts.ts';

/** The part of an AWS SDK client that counting needs: its middleware stack. */
export interface CountedClient {
  readonly middlewareStack: {
    add(
      middleware: (
        next: (args: unknown) => Promise<unknown>,
        context: { readonly commandName?: string },
      ) => (args: unknown) => Promise<unknown>,
      options: { readonly step: 'deserialize'; readonly name: string; readonly priority: 'high' },
    ): void;
  };
}

export interface CallCounter {
  /** Counts from now on what a client sends; `service` as in `iam:CreateRole`. */
  count(service: string, client: CountedClient): void;
  /** Counts a call that no client of the SDK made; `code` is that of the error it was answered with. */
  sent(operation: string, code?: string): void;
  counts(): CallCounts;
}

/** Counts every attempt at the step that retries go through again. */
export function callCounter(): CallCounter {
  const byOperation = new Map<string, number>();
  let total = 0;
  let retries = 0;
  let throttled = 0;
  const begin = (operation: string): void => {
    byOperation.set(operation, (byOperation.get(operation) ?? 0) + 1);
    total += 1;
  };
  return {
    sent: (operation, code) => {
      begin(operation);
      if (code !== undefined && isThrottling(code)) throttled += 1;
    },
    count: (service, client) =>
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
    counts: () => ({
      total,
      retries,
      throttled,
      byOperation: Object.fromEntries([...byOperation].sort(([a], [b]) => a.localeCompare(b))),
    }),
  };
}

/** The SDK numbers attempts in the header `amz-sdk-request: attempt=2; max=3`. */
function isRetry(args: unknown): boolean {
  const { request } = args as { readonly request?: { readonly headers?: Readonly<Record<string, string>> } };
  const attempt = /attempt=(\d+)/.exec(request?.headers?.['amz-sdk-request'] ?? '')?.[1];
  return attempt !== undefined && Number(attempt) > 1;
}
