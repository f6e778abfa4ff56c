import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { AgentOptions } from '../options.ts';
import type { CachingOptions } from './caching-retriever.ts';
import { podOf, TokenValidator } from './token-validator.ts';

export type CacheKeys = Pick<CachingOptions, 'keyOf' | 'accepts'>;

/**
 * What an agent's cache is kept by, in each line of its releases. 0.1 goes by the token. 0.2 goes by the pod's uid, and answers
 * another token of the pod from the cache once it has checked that itself; otherwise EKS Auth is asked.
 */
export function cacheKeys(options: AgentOptions, metrics: Metrics, log: Logger): CacheKeys {
  if (options.version !== '0.2') return { keyOf: (token) => token, accepts: () => Promise.resolve(false) };
  const { inCluster: cluster, faults } = options;
  const validator = cluster && new TokenValidator(cluster, options.endpoint === undefined);
  void validator?.prepare(log);
  return {
    keyOf: (token) => podOf(token)[faults?.has('agent-caches-by-pod-name') ? 'name' : 'uid'],
    accepts: async (token, requestLog) => {
      if (faults?.has('agent-trusts-cached-pods')) return true;
      const failure = await validator?.validate(token, requestLog).then(
        () => undefined,
        (error: Error) => error.message,
      );
      metrics.localValidation(validator === undefined ? 'skipped' : failure === undefined ? 'success' : 'failure');
      if (failure !== undefined) requestLog.info(`Local token validation failed: ${failure}, falling back to delegate`);
      return validator !== undefined && failure === undefined;
    },
  };
}
