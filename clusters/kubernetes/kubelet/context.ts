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
  readonly apiServerUrl: string;
  readonly node: { readonly name: string; readonly uid: string };
  readonly images: Images;
  /** Fixed addresses and their local replacements. Default: none. */
  readonly addresses?: readonly TranslatedAddress[];
  /** Default environment variables of containers. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Shared by all local kubelets. Default: a separate one. */
  readonly processes?: ProcessHost;
  /** Directory for pods, removed on close. */
  readonly directory: string;
  readonly clock?: Clock;
  /** Shared by all local kubelets. */
  readonly starts?: StartLimiter;
  /** Milliseconds between checks for expiring tokens. Default: 250, because the clock may be moved. */
  readonly tokenCheckInterval?: number;
  /** Milliseconds between restarts after the first, immediate one. Default: 10 s, doubled up to 5 min, as in Kubernetes. */
  readonly restartBackoff?: { readonly initial: number; readonly max: number };
}

export interface KubeletContext extends Required<KubeletOptions> {
  readonly record: EventRecorder;
  /** Notifies of changed config maps, secrets and service accounts. */
  readonly objects: Notifier;
  /** Default variables that pod specs may refer to. */
  readonly serviceEnvironment: Readonly<Record<string, string>>;
  /** Returns default variables that pod specs cannot refer to. */
  runtimeEnvironment(pod: Pod): Record<string, string>;
}
