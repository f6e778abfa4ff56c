import { counter } from '../go/metrics.ts';

export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8; escaping=values';

/** The agent's metrics for all bind hosts. They do not count unknown paths and rate-limited requests. */
export class Metrics {
  readonly cacheErrors = counter(
    'pod_identity_cache_errors',
    'Removing credentials from cache, got non recoverable error',
  );
  /** `hit` means a successful background refresh, not a response from the cache. */
  readonly cacheState = counter('pod_identity_cache_state', 'The state of credential in cache');
  readonly responses = counter('pod_identity_http_response', 'Pod Identity http response code');
  readonly localValidation = counter(
    'pod_identity_local_validation',
    'Outcome of local token validation: success, failure, or skipped',
  );
  readonly chainedResults = counter(
    'pod_identity_chained_retriever_result',
    'Credential returned by chained retriever',
  );

  text(): string {
    const counters = [this.cacheErrors, this.cacheState, this.chainedResults, this.responses, this.localValidation];
    return counters.map((each) => each.text()).join('');
  }
}
