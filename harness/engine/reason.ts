import { HarnessError } from '../../foundation/errors.ts';

/** What stopped something, in a sentence without secrets: the clients' exceptions are put in words before they get here. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof HarnessError) return error.message;
  const line = error.message.split('\n')[0] ?? '';
  return error.name === 'Error' ? line : `${error.name}: ${line}`;
}
