import { poll } from '../../foundation/node/poll.ts';

/** Resolves as soon as it is so. Tests that wait for what never comes end by their own timeout. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  await poll(async () => (await isSo()) || undefined, { every: 20, what: 'it to be so' });
}
