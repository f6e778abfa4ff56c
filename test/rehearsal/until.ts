import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves as soon as it is so. Tests that wait for what never comes end by their own timeout. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(20);
}
