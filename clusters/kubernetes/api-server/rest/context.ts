import type { AdmissionWebhooks } from '../admission/webhooks.ts';
import type { Authorizer } from '../authorization/rbac.ts';
import type { TokenAuthenticator } from '../identity/authenticate.ts';
import type { MemoryStore } from '../store/memory-store.ts';
import type { Audit, Clock, Kubelet, KubeObject, TokenIssuer, TokenLifetimes } from '../model/types.ts';

export interface ApiContext {
  readonly store: MemoryStore;
  readonly clock: Clock;
  readonly authorizer: Authorizer;
  readonly authenticateToken: TokenAuthenticator;
  readonly webhooks: AdmissionWebhooks;
  readonly tokens: TokenIssuer;
  readonly tokenLifetimes: TokenLifetimes;
  /** For example `1.34`. */
  readonly version: string;
  readonly audit: Audit;
  /** `https://<host>:<port>` */
  url(): string;
  kubeletOf(pod: KubeObject): Kubelet | undefined;
}
