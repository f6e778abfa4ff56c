import type { Clock, ObjectStore, TokenIssuer } from '../api-server/types.ts';
import type { Notifier } from './deferred.ts';
import type { EventRecorder } from './events.ts';
import type { Images } from './images.ts';
import type { Pod } from './spec.ts';
import type { StartLimiter } from '../../foundation/start-limiter.ts';
import type { ProcessHost } from './process-host.ts';
import type { TranslatedAddress } from './translation.ts';

/** What all pods of a node share. */
export interface KubeletContext {
  readonly store: ObjectStore;
  readonly tokens: TokenIssuer;
  readonly clock: Clock;
  readonly node: { readonly name: string; readonly uid: string };
  readonly images: Images;
  readonly processes: ProcessHost;
  readonly addresses: readonly TranslatedAddress[];
  /** Variables that a container has unless its specification sets them. */
  readonly defaults: Readonly<Record<string, string>>;
  readonly events: EventRecorder;
  readonly starts: StartLimiter;
  /** Notified when a config map, secret or service account changed. */
  readonly objects: Notifier;
  /** Wait before a container's second restart, and the longest, in milliseconds; the first restart is at once. */
  readonly backoff: { readonly initial: number; readonly max: number };
  /** Where pods' directories are. */
  readonly directory: string;
  /** The environment that a container has whatever its specification says. */
  serviceEnvironment(pod: Pod): Record<string, string>;
}
