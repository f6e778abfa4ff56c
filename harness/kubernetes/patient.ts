import { setTimeout as sleep } from 'node:timers/promises';
import { isBroken, isUnsent, KubernetesError, type Connection } from '../../clusters/kubernetes/connection.ts';

const TRIES = 6;
/** Of what meets a connection that breaks. Fewer: an API server that is not there any more is to be told soon. */
const NETWORK_TRIES = 3;

/**
 * The same connection, but patient with an API server that has too much to do: it answers 429 without having done
 * anything (Kubernetes documentation, "API Priority and Fairness"), so that every request may be sent again. A connection
 * that breaks, as when EKS replaces API servers (Amazon EKS Best Practices Guide, "EKS control plane"), is borne for a moment
 * by requests that change nothing or were not sent.
 */
export function patient(connection: Connection, firstWait = 250): Connection {
  const again = async <T>(method: string, send: () => Promise<T>, isTooBusy: (outcome: T) => boolean): Promise<T> => {
    for (let attempt = 1, wait = firstWait; ; attempt += 1, wait *= 2) {
      try {
        const outcome = await send();
        // Asked last, since an answer that is not passed on is drained.
        if (attempt === TRIES || !isTooBusy(outcome)) return outcome;
      } catch (error) {
        if (attempt >= triesAfter(error, method)) throw error;
      }
      await sleep(wait);
    }
  };
  return {
    json: (...request) =>
      again(
        request[0],
        () => connection.json(...request),
        () => false,
      ) as never,
    open: (...request) =>
      again(
        'GET',
        () => connection.open(...request),
        () => false,
      ),
    send: (exchange) =>
      again(
        exchange.method,
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

/** How often a request is sent that comes to an error. */
function triesAfter(error: unknown, method: string): number {
  if (error instanceof KubernetesError) return error.status === 429 ? TRIES : 1;
  return (method === 'GET' ? isBroken : isUnsent)(error) ? NETWORK_TRIES : 1;
}
