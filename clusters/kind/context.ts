import type { KubeConfig } from '@kubernetes/client-node';
import type { ClusterSpec, ManagedCluster } from '../../emulator/index.ts';
import { without } from '../interface/capabilities.ts';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import type { Docker, EngineInfo, ImageInfo } from './docker/docker.ts';
import type { Reach } from './network.ts';
import type { KindOptions } from './options.ts';
import type { Runner } from './docker/runner.ts';

export interface NodeImages {
  readonly agent: string;
  readonly webhook: string;
  readonly workload: string;
  /** Only with `--in-cluster`. */
  readonly runner?: string;
}

export interface HostContext {
  readonly options: KindOptions;
  readonly run: Runner;
  readonly docker: Docker;
  readonly engine: EngineInfo;
  readonly network: string;
  readonly reach: Reach;
  readonly images: NodeImages;
  /** Images by reference, including the nodes' image. */
  readonly imageInfo: ReadonlyMap<string, ImageInfo>;
  /** Path of the archive by `docker save`, once it is written. */
  readonly archive: Promise<string>;
  /** The run's private folder. */
  readonly folder: string;
  readonly notes: ClusterNotes;
  readonly facts: Readonly<Record<string, string>>;
}

/** New or existing clusters. */
export interface ClusterSource {
  readonly network: string;
  /** Harness capabilities. */
  readonly capabilities: ReadonlySet<string>;
  readonly facts: Readonly<Record<string, string>>;
  createCluster(spec: ClusterSpec, context: HostContext): Promise<ManagedCluster>;
  /** Set for clusters that do not accept EKS's tokens. */
  readonly kubeConfig?: (clusterName: string) => KubeConfig;
}

/** Collects facts about the clusters. */
export class ClusterNotes {
  readonly #sentences = new Set<string>();
  readonly #facts = new Map<string, Readonly<Record<string, string>>>();
  readonly #unavailable = new Set<string>();
  #failure: ClusterError | undefined;

  /** Records a difference from EKS. Returns whether it is new. */
  differs(sentence: string): boolean {
    const before = this.#sentences.size;
    return this.#sentences.add(sentence).size > before;
  }

  differences(): readonly string[] {
    return [...this.#sentences];
  }

  lacks(capabilities: readonly string[]): void {
    for (const capability of capabilities) this.#unavailable.add(capability);
  }

  available(capabilities: ReadonlySet<string>): ReadonlySet<string> {
    return without(capabilities, this.#unavailable);
  }

  setFacts(cluster: string, facts: Readonly<Record<string, string>>): void {
    this.#facts.set(cluster, facts);
  }

  facts(cluster: string): Readonly<Record<string, string>> {
    return this.#facts.get(cluster) ?? {};
  }

  failure(): ClusterError | undefined {
    return this.#failure;
  }

  /** Runs a task and records its failure. */
  async attempt<T>(task: () => Promise<T>): Promise<T> {
    try {
      return await task();
    } catch (error) {
      if (error instanceof ClusterError) this.#failure ??= error;
      throw error;
    }
  }
}
