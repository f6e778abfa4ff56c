import type { KubeletContext } from './context.ts';
import { ConfigError } from './environment.ts';
import type { V1ServiceAccountTokenProjection } from '@kubernetes/client-node';
import type { Pod } from './spec.ts';

interface HeldToken {
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

const DAY = 24 * 60 * 60 * 1000;

/** Returns whether 80 % of the lifetime or 24 hours have passed (Kubernetes, "Configure Service Accounts for Pods"). */
function isDue(token: { readonly issuedAt: number; readonly expiresAt: number }, now: number): boolean {
  return now > token.issuedAt + 0.8 * (token.expiresAt - token.issuedAt) || now > token.issuedAt + DAY;
}

type PodTokensContext = Pick<KubeletContext, 'tokens' | 'store' | 'clock' | 'node'>;

/** Requests and rotates a pod's tokens. */
export class PodTokens {
  readonly #held = new Map<string, HeldToken>();
  readonly #context: PodTokensContext;

  constructor(context: PodTokensContext) {
    this.#context = context;
  }

  /** Returns the current token, and keeps a valid one if its rotation fails. Throws `ConfigError`. */
  async current(pod: Pod, source: V1ServiceAccountTokenProjection): Promise<string> {
    const key = JSON.stringify([source.audience ?? '', source.expirationSeconds ?? 3600]);
    const held = this.#held.get(key);
    const now = this.#context.clock.now();
    if (held !== undefined && !isDue(held, now)) return held.token;
    try {
      const fresh = await this.#issue(pod, source, now);
      this.#held.set(key, fresh);
      return fresh.token;
    } catch (error) {
      if (held !== undefined && now < held.expiresAt) return held.token;
      throw error;
    }
  }

  anyDue(): boolean {
    const now = this.#context.clock.now();
    return [...this.#held.values()].some((token) => isDue(token, now));
  }

  async #issue(pod: Pod, source: V1ServiceAccountTokenProjection, now: number): Promise<HeldToken> {
    const namespace = pod.metadata.namespace ?? 'default';
    const name = pod.spec.serviceAccountName ?? 'default';
    const account = this.#context.store.get('serviceaccounts', namespace, name);
    if (account === undefined) {
      throw new ConfigError(`failed to fetch token: serviceaccounts "${name}" not found`);
    }
    const answer = await this.#context.tokens.issue(
      { namespace, name, uid: account.metadata.uid ?? '' },
      {
        audiences: source.audience ? [source.audience] : [],
        expirationSeconds: source.expirationSeconds ?? 3600,
        pod: { name: pod.metadata.name, uid: pod.metadata.uid ?? '' },
        node: this.#context.node,
      },
    );
    return { token: answer.token, issuedAt: now, expiresAt: Date.parse(answer.expirationTimestamp) };
  }
}
