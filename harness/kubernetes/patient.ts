import { setTimeout as sleep } from 'node:timers/promises';
import { KubernetesError, type Connection } from '../../clusters/kubernetes/connection.ts';

const TRIES = 6;

/**
 * The same connection, but patient with an API server that has too much to do: it answers 429 without having done
 * anything (Kubernetes documentation, "API Priority and Fairness"), so that every request may be sent again.
 */
export function patient(connection: Connection, firstWait = 250): Connection {
  const again = async <T>(send: () => Promise<T>, isTooBusy: (outcome: T) => boolean): Promise<T> => {
    for (let attempt = 1, wait = firstWait; ; attempt += 1, wait *= 2) {
      try {
        const outcome = await send();
        // Asked last, since an answer that is not passed on is drained.
        if (attempt === TRIES || !isTooBusy(outcome)) return outcome;
      } catch (error) {
        if (!(error instanceof KubernetesError) || error.status !== 429 || attempt === TRIES) throw error;
      }
      await sleep(wait);
    }
  };
  return {
    json: (...request) =>
      again(
        () => connection.json(...request),
        () => false,
      ) as never,
    open: (...request) =>
      again(
        () => connection.open(...request),
        () => false,
      ),
    send: (exchange) =>
      again(
        () => connection.send(exchange),
        (answer) => {
          if (answer.statusCode !== 429) return false;
          answer.resume();
          return true;
        },
      ),
    close: () => connection.close(),
  };
}
