import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { AgentVersion } from '../../components/agent/options.ts';
import type { Clock, ClusterProvider } from '../../emulator/index.ts';
import { StartLimiter } from '../../foundation/start-limiter.ts';
import { ProcessHost, startApiServer } from '../../kubernetes/index.ts';
import type { ProcessImage } from '../../kubernetes/index.ts';
import { EmbeddedCluster } from './node/cluster.ts';

export type { ProcessImage } from '../../kubernetes/index.ts';
export { TRANSLATION } from './node/addresses.ts';

export interface EmbeddedOptions {
  /** Image reference as pods name it -> the program it stands for. A pod with another image gets ImagePullBackOff. */
  readonly images: ReadonlyMap<string, ProcessImage>;
  /** Where pods' directories (volumes, logs) live; made when missing, pods' directories are removed with the pod, and it with this process when it is empty then. */
  readonly directory: string;
  /** The time for API server, kubelet and agent. Default: the emulator's clock, so that moving it moves the cluster. */
  readonly clock?: Clock;
  /** All faults of the run: agent and webhook get their own. */
  readonly faults?: readonly string[];
  /** Whose chart the agent is installed by, and whose behaviour it has. Default 0.1. */
  readonly agentChart?: AgentVersion;
  /** Where the agent's and the webhook's log lines go: one JSON text each. */
  readonly log?: (component: 'agent' | 'webhook' | 'kubelet', cluster: string, line: string) => void;
}

/** As on EKS: a day, and 90 days (EKS User Guide, "Kubernetes service accounts"). */
const TOKEN_LIFETIMES = { maxSeconds: 24 * 3600, extendedSeconds: 90 * 24 * 3600 };

/** 40 hexadecimal digits, as the ids of EKS' keys have (aws/eks-pod-identity-agent, internal/validation). */
const keyId = (publicKey: Buffer): string => createHash('sha1').update(publicKey).digest('hex');

/** Makes embedded clusters for an emulated EKS: API server, kubelet, webhook, and the agent once its add-on is installed. */
export function embeddedClusterProvider(options: EmbeddedOptions): ClusterProvider {
  const starts = new StartLimiter(3, 1000);
  // Forked while this process is small: the pods' processes are forked by it.
  const processes = new ProcessHost();
  return {
    createCluster: (spec) => {
      const { issuer, version, authenticate } = spec;
      const clock = options.clock ?? spec.clock ?? { now: () => Date.now() };
      return EmbeddedCluster.create(spec, {
        images: options.images,
        // Two clusters of one name can be there in different accounts or regions.
        directory: join(options.directory, `${spec.name}-${randomBytes(4).toString('hex')}`),
        clock,
        starts,
        processes,
        faults: options.faults ?? [],
        agentChart: options.agentChart ?? '0.1',
        log: (component, line) => options.log?.(component, spec.name, line),
        startApi: () =>
          startApiServer({ issuer, version, authenticate, clock, tokenLifetimes: TOKEN_LIFETIMES, keyId }),
      });
    },
  };
}
