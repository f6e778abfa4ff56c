import { poll } from '../../foundation/node/poll.ts';

/** Milliseconds between looks at how late this process is. */
const INTERVAL = 5;
/** Milliseconds by which a timer may be late: seldom so many in a run on a machine that does little else. */
const LATE = 100;

/**
 * Resolves when this process keeps up with its work. On a machine on which much else runs, cluster, agent and AWS of a run, which
 * are in this process, answer each other too late for their own timeouts when too many scenarios are under way; so
 * no more are begun until what there is to do is done.
 */
export async function processKeepsUp(signal: AbortSignal): Promise<void> {
  let due = -Infinity;
  const look = (): true | undefined => {
    const late = performance.now() - due;
    due = performance.now() + INTERVAL;
    return late <= LATE || signal.aborted || undefined;
  };
  await poll(look, { every: INTERVAL, what: 'this process to keep up' });
}
