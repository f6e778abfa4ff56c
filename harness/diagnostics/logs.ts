import type { V1Pod } from '@kubernetes/client-node';
import type { KubernetesClient } from '../kubernetes-client/client.ts';
import { statusesOf } from '../kubernetes-client/pod-watcher.ts';
import { attempt, MAX_BYTES, type Findings, type Scene } from './scene.ts';

const TAIL_LINES = 10_000;

interface ContainerLog {
  readonly container: string;
  readonly text: string;
}

interface LogRequest {
  readonly scene: Scene;
  readonly findings: Findings;
  readonly kubernetes: KubernetesClient;
  readonly cluster: string;
  readonly pod: V1Pod;
  readonly what: string;
}

/** Collects the logs of all containers of a pod during the scenario, including those before a restart. */
export async function collectLogs(request: LogRequest): Promise<ContainerLog[]> {
  const { scene, findings, kubernetes, cluster, pod, what } = request;
  const { name = '', namespace = '' } = pod.metadata ?? {};
  const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].map((item) => item.name);
  const restarted = new Set(
    statusesOf(pod)
      .filter((status) => status.restartCount > 0)
      .map((status) => status.name),
  );
  const wanted = containers.flatMap((container) => [
    { container, previous: false },
    ...(restarted.has(container) ? [{ container, previous: true }] : []),
  ]);
  const logs: ContainerLog[] = [];
  await Promise.all(
    wanted.map(({ container, previous }) => {
      const when = previous ? ' before its restart' : '';
      return attempt(`Log of ${namespace}/${name}, container ${container}${when} (${cluster})`, findings, async () => {
        const { since, signal } = scene;
        const options = { since, signal, tailLines: TAIL_LINES, maxBytes: MAX_BYTES, previous };
        const text = sinceThen(await kubernetes.readLog(namespace, name, container, options), since);
        if (text.trim() === '') return;
        const file = [cluster, namespace, name, container, ...(previous ? ['previous'] : [])].join('.');
        findings.files.push({
          name: `${file}.log`,
          description: `${what} ${name} (${cluster}), container ${container}${when}`,
          content: text,
        });
        if (!previous) logs.push({ container, text });
      });
    }),
  );
  return logs;
}

const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)/;

/** Returns the lines of a log since a moment, because some servers ignore `sinceTime`. Keeps lines without a time. */
export function sinceThen(text: string, since: Date): string {
  // Some log formats only have whole seconds.
  const from = Math.floor(since.getTime() / 1000) * 1000;
  return text
    .split('\n')
    .filter((line) => {
      const time = TIME.exec(line.slice(0, 1000))?.[0];
      return time === undefined || Date.parse(time) >= from;
    })
    .join('\n');
}

/** Removes the API's timestamp from a line. */
export const messageOf = (line: string): string => line.replace(/^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d) /, '');
