import { setTimeout as sleep } from 'node:timers/promises';
import {
  isBroken,
  isUnsent,
  KubernetesError,
  type Connection,
} from '../../foundation/protocols/kubernetes-connection.ts';

/** How often a request is sent that the API server has no time for. */
const TRIES = 6;
/** Longest pause between two tries while the network is away, milliseconds: it is noticed soon that it is back. */
const LONGEST_PAUSE = 2000;

/** How long a network may be away, in milliseconds. */
export const NETWORK = {
  /** Of this machine. An API server that is not there any more is to be told soon. */
  here: 1000,
  /** To clusters in AWS: as long as calls of AWS are tried (`retries.ts`). */
  far: 30_000,
} as const;

export interface Patience {
  readonly networkMilliseconds: number;
  readonly firstPause?: number;
}

/**
 * The same connection, but patient with an API server that has too much to do: it answers 429 without having done
 * anything (Kubernetes documentation, "API Priority and Fairness"), so that every request may be sent again. A connection
 * that breaks, as when EKS replaces API servers (Amazon EKS Best Practices Guide, "EKS control plane"), and a network that is
 * away for a while are tolerated by requests that were not sent or do no harm when they are sent twice.
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
  /** Whether an outcome says so; it is not passed on then. */
  readonly isTooBusy?: (outcome: T) => boolean;
}

async function retry<T>(
  { method, path, signal, send, isTooBusy }: PatientRequest<T>,
  { networkMilliseconds, firstPause = 250 }: Patience,
  closing: AbortSignal,
): Promise<T> {
  const end = performance.now() + networkMilliseconds;
  /** Whether an earlier try may have done what was asked for. */
  let maybeDone = false;
  /** Tries that the API server had no time for, and that the network was away for: each kind has its own bound. */
  let busy = 0;
  let away = 0;
  for (;;) {
    let pause = firstPause * 2 ** busy;
    try {
      const outcome = await send();
      // Asked last, since an answer that is not passed on is drained.
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

/** Whether a request may be done twice: a PATCH is a merge patch, and what POST asks for there is an answer and no object. */
const isRepeatable = (method: string, path: string): boolean =>
  method !== 'POST' || /\/(token|\w+reviews)$|[?&]dryRun=All/.test(path);
