import { setTimeout as sleep } from 'node:timers/promises';
import {
  isBroken,
  isUnsent,
  KubernetesError,
  type Connection,
} from '../../foundation/protocols/kubernetes-connection.ts';

/** Maximum attempts at a request while the API server is overloaded. */
const TRIES = 6;
/** Longest pause between attempts while the network is unreachable, in milliseconds. */
const LONGEST_PAUSE = 2000;

/** Maximum time without a network, in milliseconds. */
export const NETWORK = {
  /** To this machine, so that a stopped API server is reported soon. */
  here: 1000,
  /** To clusters in AWS: as long as AWS calls are retried (`retries.ts`). */
  far: 30_000,
} as const;

interface Patience {
  readonly networkMilliseconds: number;
  readonly firstPause?: number;
}

/**
 * Adds retries to a connection. An overloaded API server answers 429 without effect (Kubernetes documentation, "API
 * Priority and Fairness"), so every request is repeated. After network failures and broken connections, as when EKS replaces
 * API servers (Amazon EKS Best Practices Guide, "EKS control plane"), only unsent and idempotent requests are repeated.
 */
export function patient(connection: Connection, patience: Patience): Connection {
  const closing = new AbortController();
  const again = <T>(request: PatientRequest<T>): Promise<T> => retry(request, patience, closing.signal);
  return {
    json: (method, path, body, signal) =>
      again({ method, path, signal, send: () => connection.json(method, path, body, signal) }),
    open: (path, signal) => again({ method: 'GET', path, signal, send: () => connection.open(path, signal) }),
    send: (exchange) =>
      again({
        ...exchange,
        send: () => connection.send(exchange),
        isTooBusy: (answer) => {
          if (answer.statusCode !== 429) return false;
          answer.resume();
          return true;
        },
      }),
    close: () => {
      closing.abort(new Error('The connection to the API server was closed.'));
      connection.close();
    },
  };
}

interface PatientRequest<T> {
  readonly method: string;
  readonly path: string;
  readonly signal?: AbortSignal | undefined;
  readonly send: () => Promise<T>;
  /** Whether an outcome means an overload, so that it is not returned. */
  readonly isTooBusy?: (outcome: T) => boolean;
}

async function retry<T>(
  { method, path, signal, send, isTooBusy }: PatientRequest<T>,
  { networkMilliseconds, firstPause = 250 }: Patience,
  closing: AbortSignal,
): Promise<T> {
  const end = performance.now() + networkMilliseconds;
  /** Whether an earlier attempt may have had an effect. */
  let maybeDone = false;
  /** Attempts during overload, and without network. Each has its own limit. */
  let busy = 0;
  let away = 0;
  for (;;) {
    let pause = firstPause * 2 ** busy;
    try {
      const outcome = await send();
      // Checked last, because it drains an answer that is not returned.
      if (busy === TRIES - 1 || isTooBusy?.(outcome) !== true) return outcome;
      busy += 1;
    } catch (error) {
      if (error instanceof KubernetesError) {
        if (maybeDone && method === 'DELETE' && error.status === 404) return undefined as T;
        if (error.status !== 429 || busy === TRIES - 1) throw error;
        busy += 1;
      } else {
        const tolerated = isUnsent(error) || (isBroken(error) && isRepeatable(method, path));
        pause = Math.min(firstPause * 2 ** away, LONGEST_PAUSE);
        away += 1;
        if (!tolerated || signal?.aborted || performance.now() + pause > end) throw error;
        maybeDone ||= !isUnsent(error);
      }
    }
    await sleep(pause, undefined, { signal: signal ? AbortSignal.any([signal, closing]) : closing });
  }
}

/** Whether a request may be repeated. A PATCH is a merge patch, and these POSTs do not create objects. */
const isRepeatable = (method: string, path: string): boolean =>
  method !== 'POST' || /\/(token|\w+reviews)$|[?&]dryRun=All/.test(path);
