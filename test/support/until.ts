import { poll } from '../../foundation/node/poll.ts';

/** Waits until a condition holds. If it never does, the test's timeout ends the wait. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  await poll(async () => (await isSo()) || undefined, { every: 20, what: 'the condition to hold' });
}
