import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { ApiError, timestamp } from '../api-server/model/types.ts';
import { removeOrMark } from '../api-server/rest/finalizers.ts';
import { ContainerRunner } from './container.ts';
import type { KubeletContext } from './context.ts';
import { pause } from './deferred.ts';
import { ConfigError } from './environment.ts';
import { isSidecar } from './spec.ts';
import type { Container, Pod } from './spec.ts';
import { podStatus } from './status.ts';
import { PodTokens } from './tokens.ts';
import { PodVolumes } from './volumes.ts';

const MOUNT_RETRY_MILLISECONDS = 2000;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Runs a pod: mounts volumes, runs containers, writes the status and cleans up. */
export class PodRunner {
  #pod: Pod;
  readonly #context: KubeletContext;
  readonly #directory: string;
  readonly #volumes: PodVolumes;
  readonly #tokens: PodTokens;
  readonly #stop = new AbortController();
  readonly #startTime: string;
  readonly #init: readonly ContainerRunner[];
  readonly #containers: readonly ContainerRunner[];
  /** In start order. */
  readonly #sidecars: { readonly runner: ContainerRunner; readonly ended: Promise<void> }[] = [];
  #mounted = false;
  #mountFailure: string | undefined;
  #initialized = false;
  #result: 'Succeeded' | 'Failed' | undefined;
  #publishing = false;
  #removed = false;
  #ending: Promise<void> | undefined;
  readonly #life: Promise<void>;

  constructor(pod: Pod, context: KubeletContext) {
    this.#pod = pod;
    this.#context = context;
    this.#directory = join(context.directory, pod.metadata.uid ?? pod.metadata.name);
    this.#tokens = new PodTokens(context);
    const sources = { store: context.store, tokens: this.#tokens };
    this.#volumes = new PodVolumes(join(this.#directory, 'volumes'), sources);
    this.#startTime = this.#now();
    const policy = pod.spec.restartPolicy ?? 'Always';
    const untilDone = policy === 'Never' ? 'Never' : 'OnFailure';
    this.#init = (pod.spec.initContainers ?? []).map((c) => this.#runner(c, isSidecar(c) ? 'Always' : untilDone));
    this.#containers = pod.spec.containers.map((c) => this.#runner(c, policy));
    this.#life = this.#run();
  }

  get namespace(): string | undefined {
    return this.#pod.metadata.namespace;
  }

  /** All containers, init containers first. */
  get containers(): readonly ContainerRunner[] {
    return [...this.#init, ...this.#containers];
  }

  /** Updates files that contain the pod's metadata. */
  update(pod: Pod): void {
    const before = this.#pod.metadata;
    this.#pod = pod;
    const shown = ({ labels, annotations }: Pod['metadata']): string => JSON.stringify([labels, annotations]);
    if (shown(before) !== shown(pod.metadata)) this.refresh();
  }

  refresh(): void {
    if (!this.#mounted || this.#stop.signal.aborted || this.#result !== undefined) return;
    this.#volumes.refresh(this.#pod).catch((error: unknown) => this.#cannotMount(error));
  }

  refreshIfTokenDue(): void {
    if (this.#tokens.anyDue()) this.refresh();
  }

  /** Terminates the pod. Sends SIGKILL after `graceSeconds`. */
  terminate(graceSeconds: number): Promise<void> {
    this.#ending ??= this.#terminate();
    // Longer timers fire immediately.
    const kill = setTimeout(() => this.#kill(), Math.min(graceSeconds * 1000, 2_147_483_647));
    return this.#ending.finally(() => clearTimeout(kill));
  }

  /** Terminates a pod whose object no longer exists, without grace period and status. */
  discard(): Promise<void> {
    this.#removed = true;
    return this.terminate(0);
  }

  async #terminate(): Promise<void> {
    for (const { spec, isRunning } of this.containers) {
      if (isRunning) this.#context.record(this.#pod, 'Killing', `Stopping container ${spec.name}`, spec.name);
    }
    this.#stop.abort();
    for (const runner of this.containers) if (!isSidecar(runner.spec)) runner.signal('SIGTERM');
    await this.#life;
    await this.#endSidecars();
    await this.#volumes.settled();
    if (!this.#removed) {
      // A deleted pod first reaches a terminal phase (Kubernetes, "Pod Lifecycle", Termination of Pods).
      this.#result ??= this.#containers.every(({ result }) => result?.exitCode === 0) ? 'Succeeded' : 'Failed';
      this.#publish();
    }
    try {
      // Synchronous, which is faster for few files.
      rmSync(this.#directory, { recursive: true, force: true });
    } catch (error) {
      // A container may have left files that this user cannot remove.
      this.#context.record(this.#pod, 'Failed', `Error: ${messageOf(error)}`);
    }
    if (!this.#removed) {
      this.#removed = true;
      const { namespace, name, uid } = this.#pod.metadata;
      const { store } = this.#context;
      const stored = store.get('pods', namespace, name);
      if (stored !== undefined && stored.metadata.uid === uid) removeOrMark(this.#context, 'pods', stored);
    }
  }

  #kill(): void {
    for (const runner of this.containers) runner.signal('SIGKILL');
  }

  /** Stops the sidecars in reverse start order, after the other containers (Kubernetes, "Sidecar Containers"). */
  async #endSidecars(): Promise<void> {
    for (const { runner, ended } of [...this.#sidecars].reverse()) {
      runner.signal('SIGTERM');
      await ended;
    }
  }

  async #run(): Promise<void> {
    try {
      await this.#mount();
      if (await this.#initialize()) await this.#runContainers();
    } catch (error) {
      // The pod reports local failures, such as missing disk space or rights.
      this.#fail(error);
    }
  }

  async #mount(): Promise<void> {
    const { namespace, name } = this.#pod.metadata;
    const node = this.#context.node.name;
    this.#context.record(this.#pod, 'Scheduled', `Successfully assigned ${namespace ?? ''}/${name} to ${node}`);
    this.#changed();
    while (!this.#stop.signal.aborted) {
      const changed = this.#context.objects.changed();
      try {
        await this.#volumes.mount(this.#pod);
        for (const { spec } of this.containers) this.#volumes.attach(spec, this.#root(spec));
        this.#mounted = true;
        return;
      } catch (error) {
        if (!(error instanceof ConfigError || error instanceof ApiError)) throw error;
        this.#cannotMount(error);
        await Promise.race([changed, pause(MOUNT_RETRY_MILLISECONDS, this.#stop.signal)]);
      }
    }
  }

  /** Runs the init containers. Returns false if the pod ends with one of them. */
  async #initialize(): Promise<boolean> {
    for (const runner of this.#init) {
      if (this.#stop.signal.aborted) return false;
      if (isSidecar(runner.spec)) {
        await new Promise<void>((started) => {
          const run = runner.run(started).catch((error: unknown) => this.#fail(error));
          this.#sidecars.push({ runner, ended: run.finally(started) });
        });
        continue;
      }
      await runner.run();
      if (this.#stop.signal.aborted) return false;
      if (runner.result?.exitCode !== 0) {
        await this.#finish('Failed');
        return false;
      }
    }
    this.#initialized = true;
    this.#changed();
    return !this.#stop.signal.aborted;
  }

  async #runContainers(): Promise<void> {
    await Promise.all(this.#containers.map((runner) => runner.run()));
    if (this.#stop.signal.aborted) return;
    await this.#finish(this.#containers.every((r) => r.result?.exitCode === 0) ? 'Succeeded' : 'Failed');
  }

  /** Ends the pod, its sidecars last. */
  async #finish(result: 'Succeeded' | 'Failed'): Promise<void> {
    if (this.#sidecars.length > 0) {
      this.#stop.abort();
      const grace = new AbortController();
      void pause((this.#pod.spec.terminationGracePeriodSeconds ?? 30) * 1000, grace.signal).then(() => this.#kill());
      await this.#endSidecars();
      grace.abort();
    }
    this.#result = result;
    this.#changed();
  }

  #fail(error: unknown): void {
    const message = messageOf(error);
    this.#context.record(this.#pod, 'Failed', `Error: ${message}`);
    this.#stop.abort();
    this.#kill();
    this.#result = 'Failed';
    this.#changed();
  }

  #cannotMount(error: unknown): void {
    const message = messageOf(error);
    // Mounting is retried often: record an unchanged failure only once.
    if (message === this.#mountFailure) return;
    this.#mountFailure = message;
    this.#context.record(this.#pod, 'FailedMount', `MountVolume.SetUp failed: ${message}`);
  }

  #runner(container: Container, policy: string): ContainerRunner {
    return new ContainerRunner(container, policy, {
      context: this.#context,
      pod: () => this.#pod,
      root: this.#root(container),
      changed: () => this.#changed(),
      stop: this.#stop.signal,
    });
  }

  #root(container: Container): string {
    return join(this.#directory, 'containers', container.name);
  }

  /** Schedules a write of the status, at most one per turn of the event loop. */
  #changed(): void {
    if (this.#publishing) return;
    this.#publishing = true;
    setImmediate(() => {
      this.#publishing = false;
      if (!this.#removed) this.#publish();
    });
  }

  #publish(): void {
    const { store } = this.#context;
    const { namespace, name, uid } = this.#pod.metadata;
    const current = store.get('pods', namespace, name) as Pod | undefined;
    if (current === undefined || current.metadata.uid !== uid) return;
    const progress = {
      initContainers: this.#init,
      containers: this.#containers,
      initialized: this.#initialized,
      result: this.#result,
      startTime: this.#startTime,
    };
    store.update('pods', { ...current, status: podStatus(current, progress, this.#now()) });
  }

  #now(): string {
    return timestamp(this.#context.clock.now());
  }
}
