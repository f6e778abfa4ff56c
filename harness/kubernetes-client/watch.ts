import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { V1Pod, V1PodList } from '@kubernetes/client-node';
import type { Connection } from '../../foundation/protocols/kubernetes-connection.ts';

/** Pauses before a watch is restarted, in milliseconds. */
const RESTART = { first: 200, longest: 5000 };

/** Watches pods with a label. Restarts from a list, which also shows deletions. Throws if the first watch fails. */
export async function watchPods(
  connection: Connection,
  labelSelector: string,
  listener: (pod: V1Pod, deleted: boolean) => void,
): Promise<{ stop(): void }> {
  const controller = new AbortController();
  const { signal } = controller;
  const podsByName = new Map<string, V1Pod>();
  const tell = (pod: V1Pod, deleted: boolean): void => {
    const uid = pod.metadata?.uid ?? '';
    if (deleted) podsByName.delete(uid);
    else podsByName.set(uid, pod);
    listener(pod, deleted);
  };

  const open = async (): Promise<AsyncIterable<string>> => {
    const selector = new URLSearchParams({ labelSelector }).toString();
    const list = await connection.json<V1PodList>('GET', `/api/v1/pods?${selector}`);
    const present = new Set(list.items.map((pod) => pod.metadata?.uid));
    for (const [uid, pod] of podsByName) if (!present.has(uid)) tell(pod, true);
    for (const pod of list.items) tell(pod, false);
    const query = new URLSearchParams({
      watch: '1',
      labelSelector,
      resourceVersion: list.metadata?.resourceVersion ?? '0',
    });
    return createInterface({ input: await connection.open(`/api/v1/pods?${query.toString()}`, signal) });
  };

  const follow = async (lines: AsyncIterable<string>): Promise<void> => {
    for await (const line of lines) {
      const { type, object } = JSON.parse(line) as { type: string; object: V1Pod };
      if (type === 'ADDED' || type === 'MODIFIED') tell(object, false);
      else if (type === 'DELETED') tell(object, true);
      else if (type === 'ERROR') return;
    }
  };

  const first = await open();
  void (async () => {
    let lines: AsyncIterable<string> | undefined = first;
    let wait = RESTART.first;
    while (!signal.aborted) {
      try {
        lines ??= await open();
        wait = RESTART.first;
        await follow(lines);
      } catch {
        wait = Math.min(wait * 2, RESTART.longest);
      }
      lines = undefined;
      await sleep(wait, undefined, { signal, ref: false }).catch(() => undefined);
    }
  })();
  return { stop: () => controller.abort() };
}
