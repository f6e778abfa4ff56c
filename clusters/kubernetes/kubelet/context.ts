import type { Clock, ObjectStore, TokenIssuer } from '../api-server/model/types.ts';
import type { Notifier } from './deferred.ts';
import type { EventRecorder } from './events.ts';
import type { Images } from './images.ts';
import type { Pod } from './spec.ts';
import type { StartLimiter } from '../../../foundation/node/start-limiter.ts';
import type { ProcessHost } from './process-host.ts';
import type { TranslatedAddress } from './translation.ts';

export interface KubeletOptions {
  readonly store: ObjectStore;
  readonly tokens: TokenIssuer;
  /** `https://127.0.0.1:<port>` of the API server. */
  readonly apiServerUrl: string;
  readonly node: { readonly name: string; readonly uid: string };
  readonly images: Images;
  /** Fixed addresses that containers name and that are elsewhere on this machine. Default: none. */
  readonly addresses?: readonly TranslatedAddress[];
  /** Variables that each container has unless its specification sets them. Default: none. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Starts the containers' processes; shared by the kubelets of a machine. Default: one of its own. */
  readonly processes?: ProcessHost;
  /** Pods' directories are made in it; it is removed on close. */
  readonly directory: string;
  readonly clock?: Clock;
  /** Shared by the kubelets of a machine. */
  readonly starts?: StartLimiter;
  /** How often tokens' age is looked at, in milliseconds. Default 250, since the clock may be moved. */
  readonly tokenCheckInterval?: number;
  /**
   * Wait before a container's second restart, and the longest, in milliseconds; the first restart is at once. Default as
   * Kubernetes: 10 s, doubled up to 5 min.
   */
  readonly restartBackoff?: { readonly initial: number; readonly max: number };
}

/** What all pods of a node share. */
export interface KubeletContext extends Required<KubeletOptions> {
  readonly record: EventRecorder;
  /** Notified when a config map, secret or service account changed. */
  readonly objects: Notifier;
  /** Variables that each container has and may refer to, unless its specification sets them. */
  readonly serviceEnvironment: Readonly<Record<string, string>>;
  /** Those that the container runtime adds, which the specification cannot refer to. */
  runtimeEnvironment(pod: Pod): Record<string, string>;
}
