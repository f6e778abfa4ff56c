import { poll } from '../../foundation/node/poll.ts';

const INTERVAL = 5;
/** Allowed timer delay in milliseconds; rarely exceeded on an idle machine. */
const LATE = 100;

/**
 * Resolves when this process keeps up with its work. With too many scenarios on a busy machine, the cluster, agent and
 * AWS in this process answer each other after their timeouts, so no more scenarios start until it has caught up.
 */
export async function waitForIdleEventLoop(signal: AbortSignal): Promise<void> {
  let due = -Infinity;
  const look = (): true | undefined => {
    const late = performance.now() - due;
    due = performance.now() + INTERVAL;
    return late <= LATE || signal.aborted || undefined;
  };
  await poll(look, { every: INTERVAL, what: 'this process to keep up' });
}
