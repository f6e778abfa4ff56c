import { poll } from '../../foundation/node/poll.ts';

const INTERVAL = 5;
/** Allowed timer delay in milliseconds; rarely exceeded on an idle machine. */
const LATE = 100;

/**
 * Resolves when the event loop of this process is no longer late. With too many scenarios on a busy machine, the
 * cluster, agent and AWS in this process would time out waiting for each other.
 */
export async function waitForIdleEventLoop(signal: AbortSignal): Promise<void> {
  let due = -Infinity;
  const look = (): true | undefined => {
    const late = performance.now() - due;
    due = performance.now() + INTERVAL;
    return late <= LATE || signal.aborted || undefined;
  };
  await poll(look, { every: INTERVAL, what: 'the event loop to become idle' });
}
