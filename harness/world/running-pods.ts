import { podStages, type Stage } from './stages.ts';
import { startWorkloadPod, type WorkloadPod } from './workload-pod.ts';
import { workload, type ScenarioContext } from '../scenario/scenario-context.ts';

/** Called when a workload's pod has started, before the next step of its scenario. */
export type PodStarted = (context: ScenarioContext, workload: string) => Promise<void>;

export class RunningPods {
  readonly #context: ScenarioContext;
  readonly #stages: readonly Stage[];
  readonly #tell: PodStarted;
  readonly #pods = new Map<string, WorkloadPod>();
  readonly #started = new Map<string, number>();

  constructor(context: ScenarioContext, all: readonly Stage[], started: PodStarted = async () => undefined) {
    this.#context = context;
    this.#stages = all;
    this.#tell = started;
  }

  async start(name: string, from: number): Promise<void> {
    const ordinal = (this.#started.get(name) ?? 0) + 1;
    this.#started.set(name, ordinal);
    this.#pods.set(
      name,
      await startWorkloadPod(
        this.#context,
        workload(this.#context, name),
        podStages(this.#stages, name, from),
        ordinal,
      ),
    );
    await this.#tell(this.#context, name);
  }

  /** Deletes the workload's pod and waits until it is gone, because the next one has its name. */
  async remove(name: string): Promise<void> {
    if (!this.#pods.has(name)) return;
    await this.#pods.get(name)?.delete();
    this.#pods.delete(name);
    this.#started.set(name, (this.#started.get(name) ?? 1) - 1);
  }

  /** Deletes the workload's pod and starts the next under another name, without waiting. */
  async restart(name: string, from: number): Promise<void> {
    const gone = this.#pods.get(name)?.delete();
    // Ignores a failed deletion, because the teardown deletes the pod too.
    gone?.catch(() => undefined);
    await this.start(name, from);
  }

  pod(name: string): WorkloadPod | undefined {
    return this.#pods.get(name);
  }
}
