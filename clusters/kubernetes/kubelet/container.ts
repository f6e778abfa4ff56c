import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { timestamp } from '../api-server/model/types.ts';
import type { KubeletContext } from './context.ts';
import { aborted, pause } from './deferred.ts';
import { environment, expand, ConfigError } from './environment.ts';
import { startComponent, type Image, type ProcessImage } from './images.ts';
import { ContainerLog } from './log.ts';
import type { Exit, Running } from './process-host.ts';
import type { Container, ContainerState, ContainerStatus, Pod, TerminatedState } from './spec.ts';
import { messagePath, prepareMessage, readMessage } from './termination-message.ts';
import { realPath, TEMPORARY, translator } from './translation.ts';
import { processUser } from './user.ts';

interface ContainerEnvironment {
  readonly context: KubeletContext;
  readonly pod: () => Pod;
  /** The root folder of the container's mounts. */
  readonly root: string;
  readonly changed: () => void;
  /** Aborted when the pod must stop. */
  readonly stop: AbortSignal;
}

/** Runs a container, with restarts, until it ends. */
export class ContainerRunner {
  readonly spec: Container;
  readonly #image: string;
  readonly #policy: string;
  readonly #env: ContainerEnvironment;
  #state: ContainerState = { waiting: { reason: 'PodInitializing' } };
  #last: TerminatedState | undefined;
  #restarts = 0;
  #id: string | undefined;
  #log: ContainerLog | undefined;
  #previousLog: ContainerLog | undefined;
  #running: Running | undefined;
  #finished = false;

  constructor(spec: Container, policy: string, env: ContainerEnvironment) {
    this.spec = spec;
    this.#image = spec.image ?? '';
    this.#policy = policy;
    this.#env = env;
  }

  /** Runs the container until its final end. Calls `started` on the first start. */
  async run(started: () => void = () => undefined): Promise<void> {
    const { restartBackoff: backoff } = this.#env.context;
    let delay = 0;
    while (!this.#env.stop.aborted) {
      const exit = await this.#once(started);
      if (exit === undefined || this.#env.stop.aborted) break;
      if (this.#policy === 'Never' || (this.#policy === 'OnFailure' && exit.exitCode === 0)) break;
      await this.#backOff(delay);
      delay = Math.min(delay === 0 ? backoff.initial : delay * 2, backoff.max);
      this.#restarts += 1;
    }
    this.#finished = true;
    this.#env.changed();
  }

  signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    this.#running?.signal(signal);
  }

  target(port: number): URL | undefined {
    return this.#running?.target(port);
  }

  get wasCreated(): boolean {
    return this.#id !== undefined;
  }

  get isRunning(): boolean {
    return this.#state.running !== undefined;
  }

  /** The final state; undefined while the container may restart. */
  get result(): TerminatedState | undefined {
    return this.#finished ? this.#state.terminated : undefined;
  }

  get log(): ContainerLog | undefined {
    return this.#log;
  }

  get previousLog(): ContainerLog | undefined {
    return this.#previousLog;
  }

  /** Returns the status. `initializes`: whether it is an init container, which is ready after success. */
  status(initializes: boolean): ContainerStatus {
    return {
      name: this.spec.name,
      image: this.#image,
      imageID: this.#id === undefined ? '' : `embedded://${this.#image}`,
      ...(this.#id === undefined ? {} : { containerID: this.#id }),
      ready: this.isRunning ? !initializes : initializes && this.#state.terminated?.exitCode === 0,
      started: this.isRunning,
      restartCount: this.#restarts,
      state: this.#state,
      lastState: this.#last === undefined ? {} : { terminated: this.#last },
    };
  }

  #set(state: ContainerState): void {
    this.#state = state;
    this.#env.changed();
  }

  #wait(reason: string, message?: string): void {
    this.#set({ waiting: { reason, ...(message === undefined ? {} : { message }) } });
  }

  /** Runs the container once. Returns undefined if it was stopped before the start. */
  async #once(started: () => void): Promise<Exit | undefined> {
    const { context, stop } = this.#env;
    const image = context.images.get(this.#image);
    if (image === undefined) {
      await this.#pullForEver();
      return undefined;
    }
    this.#record('Pulled', `Container image "${this.#image}" already present on machine`);
    const release = await context.starts.acquire();
    try {
      if (stop.aborted) return undefined;
      const log = new ContainerLog();
      const running = await this.#start(image, (chunk) => {
        release();
        log.append(chunk);
      });
      if (running === undefined) return undefined;
      this.#previousLog = this.#log;
      this.#log = log;
      this.#running = running;
      if (!('entrypoint' in image)) release();
      const startedAt = this.#now();
      this.#id = `embedded://${randomBytes(32).toString('hex')}`;
      this.#record('Created', `Created container: ${this.spec.name}`);
      this.#record('Started', `Started container ${this.spec.name}`);
      // A container that fails to start is never reported as running.
      if ((await Promise.race([running.ended, nextTurn()])) === undefined) this.#set({ running: { startedAt } });
      started();
      if (stop.aborted) running.signal('SIGTERM');
      const exit = await running.ended;
      this.#running = undefined;
      log.end();
      await this.#terminated(exit, log, startedAt, this.#id);
      return exit;
    } finally {
      release();
    }
  }

  /** Starts the process once all referenced objects exist. */
  async #start(image: Image, output: (chunk: Buffer) => void): Promise<Running | undefined> {
    const { context, stop, pod } = this.#env;
    let reported: string | undefined;
    while (!stop.aborted) {
      const changed = context.objects.changed();
      try {
        return 'entrypoint' in image
          ? await this.#startProcess(image, output)
          : await startComponent(image, pod(), this.#env.root, output);
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        if (error.message !== reported) this.#record('Failed', `Error: ${error.message}`);
        reported = error.message;
        this.#wait('CreateContainerConfigError', error.message);
        await Promise.race([changed, aborted(stop)]);
      }
    }
    return undefined;
  }

  async #startProcess(image: ProcessImage, output: (chunk: Buffer) => void): Promise<Running> {
    const { context, root } = this.#env;
    const pod = this.#env.pod();
    const variables = environment(pod, this.spec, context.store, context.serviceEnvironment);
    const paths = [...(this.spec.volumeMounts ?? []).map((mount) => mount.mountPath), messagePath(this.spec)];
    const translate = translator(root, paths, context.addresses);
    const expanded = (texts: readonly string[]): string[] => texts.map((text) => translate(expand(text, variables)));

    const argv = [...(this.spec.command === undefined ? image.entrypoint : expanded(this.spec.command))];
    argv.push(...expanded(this.spec.args ?? []));
    const env = Object.fromEntries([...variables].map(([name, value]) => [name, translate(value)]));
    env['HOME'] ??= root;
    env['TMPDIR'] ??= realPath(root, TEMPORARY);
    const others = { ...context.environment, ...context.runtimeEnvironment(pod) };
    for (const [name, value] of Object.entries(others)) env[name] ??= value;

    await prepareMessage(this.spec, root);
    const directory = this.spec.workingDir === undefined ? root : realPath(root, this.spec.workingDir);
    await mkdir(directory, { recursive: true });

    const user = await processUser(pod.spec, this.spec, argv, directory);
    if (user.ignored !== undefined) this.#record('RunAsUserIgnored', user.ignored);
    return context.processes.start({ argv, env, directory, ...(user.uid === undefined ? {} : user) }, output);
  }

  async #terminated(exit: Exit, log: ContainerLog, startedAt: string, containerID: string): Promise<void> {
    const message = exit.failure ?? (await readMessage(this.spec, this.#env.root, log, exit.exitCode));
    if (exit.failure !== undefined) this.#record('Failed', `Error: ${exit.failure}`);
    this.#set({
      terminated: {
        exitCode: exit.exitCode,
        ...(exit.signal === undefined ? {} : { signal: exit.signal }),
        reason: exit.failure !== undefined ? 'StartError' : exit.exitCode === 0 ? 'Completed' : 'Error',
        ...(message === '' ? {} : { message }),
        startedAt,
        finishedAt: this.#now(),
        containerID,
      },
    });
  }

  async #backOff(delay: number): Promise<void> {
    this.#last = this.#state.terminated ?? this.#last;
    if (delay > 0) {
      const { name, namespace, uid } = this.#env.pod().metadata;
      const text = `restarting failed container=${this.spec.name} pod=${name}_${namespace ?? ''}(${uid ?? ''})`;
      this.#record('BackOff', `Back-off ${text}`);
      this.#wait('CrashLoopBackOff', `back-off ${delay / 1000}s ${text}`);
    }
    await pause(delay, this.#env.stop);
  }

  async #pullForEver(): Promise<void> {
    const { context, stop } = this.#env;
    const imageNames = [...context.images.keys()].join(', ');
    const message = `Back-off pulling image "${this.#image}": this cluster has only: ${imageNames}`;
    this.#record('Failed', `Failed to pull image "${this.#image}": not found`);
    this.#record('BackOff', message);
    this.#wait('ImagePullBackOff', message);
    await aborted(stop);
  }

  #record(reason: string, message: string): void {
    this.#env.context.record(this.#env.pod(), reason, message, this.spec.name);
  }

  #now(): string {
    return timestamp(this.#env.context.clock.now());
  }
}
