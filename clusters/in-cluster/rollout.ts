import { text as textOf } from 'node:stream/consumers';
import type { V1DaemonSet, V1Deployment, V1Node, V1Pod } from '@kubernetes/client-node';
import { ClusterError, type ClusterErrorCode } from '../../foundation/node/cluster-error.ts';
import { isTransient, type Connection } from '../../foundation/protocols/kubernetes-connection.ts';
import { poll } from '../../foundation/node/poll.ts';
import { find, pathOf, type KubernetesObject } from './objects.ts';
import { NAMESPACE } from './options.ts';
import { podProblem, type PodProblem } from './pod-problem.ts';
import { redactor } from '../../foundation/node/redact.ts';

/** A DaemonSet or Deployment that becomes ready. */
interface Rollout {
  readonly connection: Connection;
  readonly controller: KubernetesObject;
  /** Name for messages, such as `The Pod Identity agent`. */
  readonly what: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly image: string;
  /** Advice for a missing image. Default: advice for clusters in Docker, whose nodes do not pull images. */
  readonly imageRemedy?: string;
  readonly flag: string;
  readonly notReady: ClusterErrorCode;
  /** The end of `readyMilliseconds`, in milliseconds since the epoch. */
  readonly deadline: number;
  readonly readyMilliseconds: number;
  readonly signal: AbortSignal;
}

type Controller = V1DaemonSet & V1Deployment;

/** Milliseconds. */
const EVERY = 250;
const LOG_TIMEOUT = 5000;
const IN_DOCKER = "check that the local Docker has the image for the node's architecture";
/** Maximum characters of quoted text in a message. */
const LONGEST = 300;

/** Waits for the newest revision's pods. If one cannot start, throws early: IMAGE_MISSING, IMAGE_BROKEN or `notReady`. */
export async function awaitRollout(rollout: Rollout): Promise<void> {
  const { connection, controller, what, notReady, deadline, readyMilliseconds, signal } = rollout;
  let pods: readonly V1Pod[] = [];
  let since = new Map<string, number>();
  await poll<true>(
    async (attempt) => {
      const [stored, listed] = await Promise.all([
        find<Controller>(connection, pathOf(controller), attempt),
        podsOf(connection, rollout.labels, attempt),
      ]);
      pods = listed.filter((pod) => isOfRevision(pod, stored));
      const before = since;
      since = new Map();
      for (const pod of pods) {
        const problem = podProblem(pod);
        if (problem === undefined) continue;
        const name = pod.metadata?.name ?? '';
        const first = before.get(name) ?? performance.now();
        since.set(name, first);
        const patience = rollout.imageRemedy === undefined ? 0 : problem.patience;
        if (performance.now() - first >= patience) throw await problemError(rollout, pod, problem);
      }
      return stored !== undefined && isRolledOut(stored) ? true : undefined;
    },
    {
      every: EVERY,
      within: deadline - Date.now(),
      signal,
      tolerates: isTransient,
      late: () =>
        new ClusterError(
          notReady,
          `${what} was not ready within ${readyMilliseconds / 1000} s (--ready-timeout): ${pods.map(standing).join('; ') || 'it has no pods, because no node accepts it'}.`,
        ),
    },
  );
}

/** Returns the pods with these labels, except terminating ones. */
export async function podsOf(
  connection: Connection,
  labels: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<readonly V1Pod[]> {
  const labelSelector = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  const query = new URLSearchParams({ labelSelector: labelSelector.join() }).toString();
  const path = `/api/v1/namespaces/${NAMESPACE}/pods?${query}`;
  const { items } = await connection.json<{ items: readonly V1Pod[] }>('GET', path, undefined, signal);
  return items.filter(({ metadata }) => metadata?.deletionTimestamp === undefined);
}

export const isReady = ({ status }: V1Node | V1Pod): boolean =>
  status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;

function isRolledOut({ metadata, status }: Controller): boolean {
  if (status?.observedGeneration !== metadata?.generation) return false;
  const { desiredNumberScheduled: nodes, replicas } = status ?? {};
  return nodes === undefined
    ? replicas === 1 && status?.updatedReplicas === 1 && status?.availableReplicas === 1
    : nodes > 0 && status?.updatedNumberScheduled === nodes && status?.numberAvailable === nodes;
}

/** Returns false for pods that a changed DaemonSet will replace. */
function isOfRevision(pod: V1Pod, controller: Controller | undefined): boolean {
  const wanted = controller?.metadata?.annotations?.['deprecated.daemonset.template.generation'];
  const generation = pod.metadata?.labels?.['pod-template-generation'];
  return wanted === undefined || generation === undefined || generation === wanted;
}

async function problemError(rollout: Rollout, pod: V1Pod, problem: PodProblem): Promise<ClusterError> {
  const { what, image, flag, notReady, imageRemedy = IN_DOCKER } = rollout;
  const { kind, container, message } = problem;
  const node = pod.spec?.nodeName ?? 'unknown';
  if (kind === 'image')
    return new ClusterError(
      'IMAGE_MISSING',
      `${what} cannot start: node ${node} lacks its image ${image} (${flag}); ${imageRemedy} (${oneLine(message)}).`,
      { blame: 'environment' },
    );
  if (kind === 'start')
    return new ClusterError(
      'IMAGE_BROKEN',
      `${what} cannot start container ${container} of image ${image} (${flag}): ${oneLine(message)}.`,
      { blame: 'environment' },
    );
  const line = (await lastWords(rollout, pod.metadata?.name ?? '', container)) ?? message;
  return new ClusterError(
    notReady,
    `${what} crashes on node ${node}, container ${container} of image ${image} (${flag}): ${oneLine(line)}.`,
  );
}

/** Returns the most informative line of a terminated container's log. */
async function lastWords({ connection }: Rollout, pod: string, container: string): Promise<string | undefined> {
  const query = new URLSearchParams({ container, previous: 'true', tailLines: '50' }).toString();
  const path = `/api/v1/namespaces/${NAMESPACE}/pods/${pod}/log?${query}`;
  try {
    return lastErrorLine(await textOf(await connection.open(path, AbortSignal.timeout(LOG_TIMEOUT))));
  } catch {
    return undefined;
  }
}

function standing({ metadata, spec, status }: V1Pod): string {
  const condition = (status?.conditions ?? []).find(
    ({ type, status: value, message }) =>
      value === 'False' && message !== undefined && ['PodScheduled', 'Ready', 'Initialized'].includes(type),
  );
  return `pod ${metadata?.name} on node ${spec?.nodeName ?? 'none'} is ${status?.phase ?? 'Unknown'}${condition === undefined ? '' : `: ${oneLine(condition.message ?? '')}`}`;
}

const oneLine = (text: string): string =>
  withoutSecrets(text.trim().replace(/\s+/g, ' ')).slice(0, LONGEST).replace(/\.$/, '');

/** Returns the last line with an error, or else the last line, without secrets. Extracts the message from JSON and klog. */
export function lastErrorLine(log: string): string | undefined {
  const lines = log
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^goroutine \d+|^exit status \d+$/.test(line));
  const line = lines.findLast(isError) ?? lines.at(-1);
  return line === undefined ? undefined : withoutSecrets(messageIn(line));
}

const isError = (line: string): boolean =>
  /"level":"(error|fatal|panic)"/.test(line) || /^[EF]\d{4} /.test(line) || /^(error|fatal|panic)\b/i.test(line);

function messageIn(line: string): string {
  if (!line.startsWith('{')) return line.replace(/^[IWEF]\d{4} [\d:.]+ +\d+ [^\]]+\] /, '');
  try {
    const { msg, error } = JSON.parse(line) as { msg?: unknown; error?: unknown };
    const parts = [msg, error].filter((part) => typeof part === 'string' && part !== '');
    return parts.length === 0 ? line : parts.join(': ');
  } catch {
    return line;
  }
}

export const withoutSecrets: (text: string) => string = redactor().text;
