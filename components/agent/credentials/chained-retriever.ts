import type { CredentialRetriever } from '../eks-auth/client.ts';
import { FetchError } from '../eks-auth/errors.ts';
import type { Metrics } from '../metrics.ts';
import type { Clock } from '../options.ts';

/** Minimum life of credentials that count as unexpired, in ms. */
const EXPIRATION_SKEW = 5 * 60_000;
const POD_NOT_IN_MAPPING = 'pod not found in IMDS namespace mapping';

/**
 * Agent 0.2's chain of instance metadata and EKS Auth on a node whose instance metadata has no pod's credentials
 * (eks-pod-identity-agent source, internal/credsretriever/chained_retriever.go). An exception of EKS Auth reaches the pod
 * unchanged.
 */
export const chainedRetriever = (
  eksAuth: CredentialRetriever,
  clock: Clock,
  metrics: Metrics,
): CredentialRetriever => ({
  retrieve: async (token, log, signal) => {
    log.with({ delegate: 'imds', error: POD_NOT_IN_MAPPING }).warn('Delegate error, trying next');
    try {
      const credentials = await eksAuth.retrieve(token, log, signal);
      const state = credentials.expiration > clock.now() + EXPIRATION_SKEW ? 'unexpired' : 'expired';
      metrics.chainedResults.increment({ source: 'eks-auth', state });
      return credentials;
    } catch (error) {
      if (!(error instanceof FetchError)) throw error;
      throw new FetchError(`chained retriever: all delegates failed: ${POD_NOT_IN_MAPPING}\n${error.message}`);
    }
  },
});
