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
  /** Fixed addresses that are elsewhere on this machine. Default: none. */
  readonly addresses?: readonly TranslatedAddress[];
  /** Default variables of containers. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Shared by a machine's kubelets. Default: its own. */
  readonly processes?: ProcessHost;
  /** Directory of pods; removed on close. */
  readonly directory: string;
  readonly clock?: Clock;
  /** Shared by a machine's kubelets. */
  readonly starts?: StartLimiter;
  /** Milliseconds. Default 250, since the clock may be moved. */
  readonly tokenCheckInterval?: number;
  /** Milliseconds; the first restart is immediate. Default as in Kubernetes: 10 s, doubled up to 5 min. */
  readonly restartBackoff?: { readonly initial: number; readonly max: number };
}

export interface KubeletContext extends Required<KubeletOptions> {
  readonly record: EventRecorder;
  /** Signals changed config maps, secrets and service accounts. */
  readonly objects: Notifier;
  /** Default variables that specifications may refer to. */
  readonly serviceEnvironment: Readonly<Record<string, string>>;
  /** Variables that specifications cannot refer to. */
  runtimeEnvironment(pod: Pod): Record<string, string>;
}
