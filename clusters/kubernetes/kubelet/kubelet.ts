import { mkdir, rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { ApiError } from '../api-server/model/types.ts';
import type { KubeObject, Kubelet } from '../api-server/model/types.ts';
import type { ContainerRunner } from './container.ts';
import type { KubeletContext, KubeletOptions } from './context.ts';
import { Notifier } from './deferred.ts';
import { eventRecorder } from './events.ts';
import { PodRunner } from './pod.ts';
import type { Pod } from './spec.ts';
import { StartLimiter } from '../../../foundation/node/start-limiter.ts';
import { ProcessHost } from './process-host.ts';

export interface RunningKubelet extends Kubelet {
  proxy(namespace: string, pod: string, port: number): URL | undefined;
  /** Stops all pods, but keeps their objects. */
  close(): Promise<void>;
}

/** Value of PATH in containers. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Seconds. */
const DEFAULT_GRACE = 30;

export async function startKubelet(options: KubeletOptions): Promise<RunningKubelet> {
  // It contains tokens under unguessable names. If this user is root, containers of other users must be able to enter it.
  await mkdir(options.directory, { recursive: true, mode: process.geteuid?.() === 0 ? 0o711 : 0o700 });
  return nodeAgent(options);
}

function nodeAgent(options: KubeletOptions): RunningKubelet {
  const { store, node, clock = { now: () => Date.now() } } = options;
  const { hostname, port } = new URL(options.apiServerUrl);
  const ownProcesses = options.processes === undefined ? new ProcessHost() : undefined;
  const objects = new Notifier();
  const context: KubeletContext = {
    addresses: [],
    environment: {},
    starts: new StartLimiter(3, 1000),
    restartBackoff: { initial: 10_000, max: 300_000 },
    tokenCheckInterval: 250,
    ...options,
    clock,
    processes: options.processes ?? ownProcesses!,
    record: eventRecorder(store, clock, node.name),
    objects,
    serviceEnvironment: {
      KUBERNETES_SERVICE_HOST: hostname,
      KUBERNETES_SERVICE_PORT: port,
      KUBERNETES_SERVICE_PORT_HTTPS: port,
    },
    runtimeEnvironment: (pod) => ({
      PATH: `${PATH}:${process.execPath.slice(0, process.execPath.lastIndexOf('/'))}`,
      HOSTNAME: pod.spec.hostname ?? pod.metadata.name,
    }),
  };
  const runners = new Map<string, PodRunner>();
  let closed = false;

  const end = (uid: string | undefined, how: (runner: PodRunner) => Promise<void>): void => {
    const runner = uid === undefined ? undefined : runners.get(uid);
    if (uid === undefined || runner === undefined) return;
    void how(runner).finally(() => runners.delete(uid));
  };

  function seen(pod: Pod): void {
    const uid = pod.metadata.uid;
    if (uid === undefined || closed || pod.spec.nodeName !== node.name) return;
    const podRunner = runners.get(uid);
    if (podRunner === undefined) {
      if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return;
      runners.set(uid, new PodRunner(pod, context));
    } else podRunner.update(pod);
    if (pod.metadata.deletionTimestamp !== undefined) {
      const grace = pod.metadata.deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE;
      end(uid, (runner) => runner.terminate(grace));
    }
  }

  function dataChanged({ metadata }: KubeObject): void {
    objects.notify();
    for (const runner of runners.values()) if (runner.namespace === metadata.namespace) runner.refresh();
  }

  function find(namespace: string, name: string): PodRunner | undefined {
    const uid = store.get('pods', namespace, name)?.metadata.uid;
    return uid === undefined ? undefined : runners.get(uid);
  }

  function containerOf(namespace: string, pod: string, name: string): ContainerRunner {
    const runner = find(namespace, pod);
    if (runner === undefined) throw new ApiError(404, 'NotFound', `pods "${pod}" not found`);
    const containerRunner = runner.containers.find(({ spec }) => spec.name === name);
    if (containerRunner !== undefined) return containerRunner;
    throw new ApiError(400, 'BadRequest', `container ${name} is not valid for pod ${pod}`);
  }

  const unsubscribes = [
    store.watch('serviceaccounts', () => objects.notify()),
    store.watch('configmaps', ({ object }) => dataChanged(object)),
    store.watch('secrets', ({ object }) => dataChanged(object)),
    store.watch('pods', ({ type, object }) =>
      type === 'DELETED' ? end(object.metadata.uid, (runner) => runner.discard()) : seen(object as Pod),
    ),
  ];
  for (const pod of store.list('pods')) seen(pod as Pod);
  const timer = setInterval(() => {
    for (const runner of runners.values()) runner.refreshIfTokenDue();
  }, context.tokenCheckInterval);
  timer.unref();

  return {
    logs(namespace: string, pod: string, options: Parameters<Kubelet['logs']>[2]): Readable {
      const container = containerOf(namespace, pod, options.container);
      const log = options.previous === true ? container.previousLog : container.log;
      const name = JSON.stringify(container.spec.name);
      if (log === undefined && options.previous === true) {
        throw new ApiError(400, 'BadRequest', `previous terminated container ${name} in pod "${pod}" not found`);
      }
      if (log === undefined) {
        const { state } = container.status(false);
        const reason = state?.waiting?.reason ?? 'ContainerCreating';
        throw new ApiError(400, 'BadRequest', `container ${name} in pod "${pod}" is waiting to start: ${reason}`);
      }
      return log.stream(options);
    },
    proxy(namespace, pod, port) {
      const targets = find(namespace, pod)?.containers.map((container) => container.target(port));
      return targets?.find((target) => target !== undefined);
    },
    async close() {
      closed = true;
      clearInterval(timer);
      for (const unsubscribe of unsubscribes) unsubscribe();
      await Promise.all([...runners.values()].map((runner) => runner.discard()));
      runners.clear();
      ownProcesses?.close();
      await rm(context.directory, { recursive: true, force: true });
    },
  };
}
