import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../log.ts';
import type { AgentOptions, AwsCredentials } from '../options.ts';
import { operationError, readCredentials, readError, type PodCredentials } from './answer.ts';
import type { EksAuthError } from './errors.ts';
import { NoAnswer, Poster, type UpstreamResponse } from './post.ts';
import { signedHeaders } from './signer.ts';

export interface CredentialRetriever {
  /** @param signal returns a signal that fires when the caller disconnects. @throws EksAuthError, FetchError or AgentPanic */
  retrieve(token: string, log: Logger, signal: () => AbortSignal): Promise<PodCredentials>;
}

const ATTEMPTS = 3;
/**
 * Maximum random pause before the second attempt, in ms; doubled for the third. Agent 0.1.37 has 2 s (aws/retry,
 * ExponentialJitterBackoff). No verdict depends on it, and a shorter pause makes suites faster.
 */
const FIRST_BACKOFF = 100;
/** Retried statuses in the AWS SDKs' standard retry mode, which recognizes throttling by name. */
const RETRYABLE_STATUS = new Set([500, 502, 503, 504]);
const RETRYABLE_CODES = new Set<string | undefined>([
  'BandwidthLimitExceeded',
  'EC2ThrottledException',
  'LimitExceededException',
  'PriorRequestNotComplete',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'RequestTimeout',
  'RequestTimeoutException',
  'SlowDown',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
  'TransactionInProgressException',
]);

function retryable(error: EksAuthError): boolean {
  return RETRYABLE_STATUS.has(error.status) || RETRYABLE_CODES.has(error.exception?.code);
}

type EksAuthClientOptions = Required<
  Pick<AgentOptions, 'clusterName' | 'region' | 'endpoint' | 'credentials' | 'clock'>
>;

/** Calls EKS Auth. @see https://docs.aws.amazon.com/eks/latest/APIReference/API_auth_AssumeRoleForPodIdentity.html */
export class EksAuthClient implements CredentialRetriever {
  readonly #options: EksAuthClientOptions;
  readonly #url: URL;
  readonly #poster: Poster;

  constructor(options: EksAuthClientOptions) {
    this.#options = options;
    const base = options.endpoint.replace(/\/$/, '');
    this.#url = new URL(`${base}/clusters/${encodeURIComponent(options.clusterName)}/assume-role-for-pod-identity`);
    this.#poster = new Poster(this.#url);
  }

  close(): void {
    this.#poster.close();
  }

  async retrieve(token: string, log: Logger, signal: () => AbortSignal): Promise<PodCredentials> {
    log.info('Calling EKS Auth to fetch credentials');
    const started = performance.now();
    const answer = await this.#call(JSON.stringify({ token }), signal());
    const credentials = readCredentials(answer);
    log
      .with({
        request_time_ms: Math.round(performance.now() - started),
        fetched_role_arn: credentials.roleArn,
        fetched_role_id: credentials.roleId,
      })
      .info('Successfully fetched credentials from EKS Auth');
    return credentials;
  }

  async #call(body: string, signal: AbortSignal): Promise<UpstreamResponse> {
    for (let attempt = 1; ; attempt += 1) {
      const last = attempt === ATTEMPTS;
      try {
        const answer = await this.#post(body, signal);
        if (answer.status >= 200 && answer.status < 300) return answer;
        const error = readError(answer);
        if (last || !retryable(error)) throw error;
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
        if (last || error.cancelled) {
          throw operationError(`https response error: Post "${this.#url.href}": ${error.message}`);
        }
      }
      await sleep(Math.random() * FIRST_BACKOFF * 2 ** (attempt - 1));
    }
  }

  async #post(body: string, signal: AbortSignal): Promise<UpstreamResponse> {
    const { region, clock } = this.#options;
    let credentials: AwsCredentials;
    try {
      credentials = await this.#options.credentials();
    } catch (error) {
      const why = error instanceof Error ? error.message : 'unknown error';
      throw operationError(`get identity: get credentials: failed to refresh cached credentials, ${why}`);
    }
    const headers = {
      'content-length': String(Buffer.byteLength(body)),
      'content-type': 'application/json',
      host: this.#url.host,
    };
    const signed = signedHeaders(this.#url, headers, body, credentials, region, clock.now());
    return this.#poster.post(this.#url, signed, body, signal);
  }
}
