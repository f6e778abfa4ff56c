import type { MutatingWebhooks } from '../admission/mutating-webhooks.ts';
import type { Authorizer } from '../authorization/rbac.ts';
import type { TokenAuthenticator } from '../identity/authenticate.ts';
import type { MemoryStore } from '../store/memory-store.ts';
import type { Audit, Clock, Kubelet, KubeObject, TokenIssuer, TokenLifetimes } from '../model/types.ts';

/** What the parts of the API server share. */
export interface ApiContext {
  readonly store: MemoryStore;
  readonly clock: Clock;
  readonly authorizer: Authorizer;
  readonly authenticateToken: TokenAuthenticator;
  readonly webhooks: MutatingWebhooks;
  readonly tokens: TokenIssuer;
  readonly tokenLifetimes: TokenLifetimes;
  /** Kubernetes version, such as `1.34`. */
  readonly version: string;
  readonly audit: Audit;
  /** `https://<host>:<port>` of this server. */
  url(): string;
  /** The kubelet of the node that a pod is on; undefined while it has none. */
  kubeletOf(pod: KubeObject): Kubelet | undefined;
}
