import { setTimeout as sleep } from 'node:timers/promises';

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
  for (let late = Infinity; late > LATE && !signal.aborted;) {
    const before = performance.now();
    await sleep(INTERVAL);
    late = performance.now() - before - INTERVAL;
  }
}
