import type { KubeConfig } from '@kubernetes/client-node';
import type { ClusterSpec, ManagedCluster } from '../../emulator/index.ts';
import { without } from '../capabilities.ts';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import type { Docker, EngineInfo, ImageInfo } from './docker.ts';
import type { Reach } from './network.ts';
import type { KindOptions } from './options.ts';
import type { Runner } from './runner.ts';

/** Images that run on the nodes. */
export interface NodeImages {
  readonly agent: string;
  readonly webhook: string;
  readonly workload: string;
  /** Of a runner in the cluster. */
  readonly runner?: string;
}

/** What the clusters of a run share. */
export interface HostContext {
  readonly options: KindOptions;
  readonly run: Runner;
  readonly docker: Docker;
  readonly engine: EngineInfo;
  /** Docker network of the nodes. */
  readonly network: string;
  readonly reach: Reach;
  readonly images: NodeImages;
  /** Of the images on the nodes and the nodes' own, by their references. */
  readonly imageInfo: ReadonlyMap<string, ImageInfo>;
  /** Archive of `docker save` with the images, once it is written. */
  readonly archive: Promise<string>;
  /** Folder of this run for files that nobody else may read. */
  readonly folder: string;
  readonly notes: ClusterNotes;
  /** Facts that every cluster has. */
  readonly facts: Readonly<Record<string, string>>;
}

/** Where clusters come from: made for the run, or there before. */
export interface ClusterSource {
  /** Docker network of the nodes. */
  readonly network: string;
  /** What the clusters can do, by the harness' capability names. */
  readonly capabilities: ReadonlySet<string>;
  /** Facts of each of its clusters. */
  readonly facts: Readonly<Record<string, string>>;
  createCluster(spec: ClusterSpec, context: HostContext): Promise<ManagedCluster>;
  /** The way to clusters that do not take EKS' own tokens. */
  readonly kubeConfig?: (clusterName: string) => KubeConfig;
}

/** What is to be told about the clusters once they are there. */
export class ClusterNotes {
  readonly #sentences = new Set<string>();
  readonly #facts = new Map<string, Readonly<Record<string, string>>>();
  readonly #unavailable = new Set<string>();
  #failure: ClusterError | undefined;

  /** How clusters differ from EKS: a sentence. Gives whether it was new. */
  differs(sentence: string): boolean {
    const before = this.#sentences.size;
    return this.#sentences.add(sentence).size > before;
  }

  differences(): readonly string[] {
    return [...this.#sentences];
  }

  /** Clusters cannot do this after all: names of capabilities. */
  lacks(capabilities: readonly string[]): void {
    for (const capability of capabilities) this.#unavailable.add(capability);
  }

  /** Those of the capabilities that no cluster lacks. */
  found(capabilities: ReadonlySet<string>): ReadonlySet<string> {
    return without(capabilities, this.#unavailable);
  }

  setFacts(cluster: string, facts: Readonly<Record<string, string>>): void {
    this.#facts.set(cluster, facts);
  }

  facts(cluster: string): Readonly<Record<string, string>> {
    return this.#facts.get(cluster) ?? {};
  }

  /** The first failure whose cause is known. */
  failure(): ClusterError | undefined {
    return this.#failure;
  }

  /** Does something, and remembers why it could not be done. */
  async attempt<T>(task: () => Promise<T>): Promise<T> {
    try {
      return await task();
    } catch (error) {
      if (error instanceof ClusterError) this.#failure ??= error;
      throw error;
    }
  }
}
