import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import { NO_REQUEST, type ClientError } from '../../foundation/protocols/client-protocol.ts';
import { PATIENCE_MILLISECONDS } from '../../foundation/node/lateness.ts';
import type { Layer, ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import { fetchCredentials } from './raw.ts';
import { unbracketed } from '../../foundation/node/unbracketed.ts';

/**
 * Hosts that may receive a token over plain HTTP (AWS SDKs and Tools Reference Guide, "Container credential provider",
 * AWS_CONTAINER_CREDENTIALS_FULL_URI).
 */
const ACCEPTED_HOST = /^(169\.254\.170\.(2|23)|\[fd00:ec2::23\]|localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;
/** Hosts of all requests, including failed ones, because an SDK only reports its last error. */
const requestedHosts = new Set<string>();
/** Hosts that did not answer within the SDK's timeout, which an SDK may not report. */
const late = new Set<string>();
/** SDKs' timeouts are at least a second, but timers may fire early. */
const SHORTEST_MILLISECONDS = 950;
const TIME_UP = /time[ds]?[ -]?out|deadline exceeded/i;
let isWatched = false;

/** Records the hosts of this process's requests until the returned function is called. */
export function watchRequests(): () => void {
  const note = (message: unknown): void => {
    const { request } = message as { readonly request: ClientRequest };
    requestedHosts.add(request.host);
    const began = performance.now();
    let isAnswered = false;
    request.once('timeout', () => late.add(request.host));
    request.once('response', () => (isAnswered = true));
    request.once('close', () => {
      if (!isAnswered && performance.now() - began > SHORTEST_MILLISECONDS) late.add(request.host);
    });
  };
  isWatched = true;
  subscribe('http.client.request.start', note);
  return () => {
    isWatched = false;
    unsubscribe('http.client.request.start', note);
    requestedHosts.clear();
    late.clear();
  };
}

/**
 * Finds the layer that rejected credentials, from the settings and another call of the agent. The SDK itself drops the
 * agent's plain-text response, and later providers may mask it.
 */
export async function diagnoseMissingCredentials(error: Pick<ClientError, 'code' | 'message'>): Promise<ProbeResult> {
  const { AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE, AWS_CONTAINER_CREDENTIALS_FULL_URI } = process.env;
  const sdk = { sdkError: error.code };
  const refused = (layer: Layer, code: string, message: string, facts: ProbeResult['facts'] = sdk): ProbeResult => ({
    outcome: 'refused',
    layer,
    code,
    message,
    facts,
  });
  if (AWS_WEB_IDENTITY_TOKEN_FILE !== undefined && AWS_ROLE_ARN !== undefined) {
    return refused('sts', error.code, error.message);
  }
  if (AWS_CONTAINER_CREDENTIALS_FULL_URI === undefined) {
    const message =
      'the pod spec has neither AWS_CONTAINER_CREDENTIALS_FULL_URI nor AWS_ROLE_ARN with AWS_WEB_IDENTITY_TOKEN_FILE: nothing was injected at admission, and this cannot change later';
    // Without settings, an SDK calls only instance metadata.
    const timeoutNote = late.size > 0 ? '; instance metadata did not answer the SDK in time (TIMEOUT)' : '';
    return refused('injection', 'NoCredentialsSettings', message + timeoutNote);
  }
  const { protocol, hostname } = new URL(AWS_CONTAINER_CREDENTIALS_FULL_URI);
  if (protocol === 'http:' && !ACCEPTED_HOST.test(hostname)) {
    if (!isWatched)
      return {
        outcome: 'error',
        message: `cannot observe whether the client sent its token over plain HTTP to ${hostname}`,
      };
    if (requestedHosts.has(unbracketed(hostname))) {
      const message = `the SDK sent a request over plain HTTP to ${hostname}, which must not receive a token`;
      return refused('injection', 'TokenSentElsewhere', message);
    }
    const message = `SDKs send no token over plain HTTP to ${hostname}: ${error.message}`;
    return refused('injection', 'UriNotAccepted', message, { ...sdk, sdkMessage: error.message });
  }
  let answer: ProbeResult;
  const began = performance.now();
  try {
    answer = await fetchCredentials({ do: 'FetchCredentials', token: { from: 'pod-identity' } });
  } catch (cause) {
    const { code = 'not set' } = cause as NodeJS.ErrnoException;
    const message = `the token of AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE cannot be read (${code})`;
    return refused('injection', 'TokenUnreadable', message);
  }
  const milliseconds = Math.round(performance.now() - began);
  if (answer.outcome === 'granted') {
    const timeoutPrefix = late.has(unbracketed(hostname)) || TIME_UP.test(error.message) ? 'TIMEOUT: ' : '';
    const cause =
      error.code === NO_REQUEST ? error.message : `the SDK found no credentials (${timeoutPrefix}${error.message})`;
    const message = `${cause}, but the agent answers a direct request`;
    return refused('agent', error.code, message, {
      ...sdk,
      ...(milliseconds >= PATIENCE_MILLISECONDS && { lateMilliseconds: milliseconds }),
    });
  }
  return { ...answer, facts: { ...answer.facts, ...sdk } };
}
