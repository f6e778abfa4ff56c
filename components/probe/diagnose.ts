import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import { NO_REQUEST, type ClientError } from '../../foundation/protocols/client-protocol.ts';
import { PATIENCE_MILLISECONDS } from '../../foundation/node/lateness.ts';
import type { Layer, ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import { fetchCredentials } from './raw.ts';
import { unbracketed } from '../../foundation/node/unbracketed.ts';

/**
 * Hosts that SDKs take a token to over plain HTTP (AWS SDKs and Tools Reference Guide, "Container credential provider",
 * AWS_CONTAINER_CREDENTIALS_FULL_URI).
 */
const ACCEPTED_HOST = /^(169\.254\.170\.(2|23)|\[fd00:ec2::23\]|localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** Hosts that requests were sent to, also where no connection came about: an SDK's last error does not tell the first. */
const asked = new Set<string>();
/** Those that did not answer within the SDK's time, which an SDK's last error does not tell either: it may end a request without a word. */
const late = new Set<string>();
/** Limits of time of SDKs are a second at least, by a timer that may be a little early. */
const SHORTEST_MILLISECONDS = 950;
/** How SDKs say that themselves. */
const TIME_UP = /time[ds]?[ -]?out|deadline exceeded/i;
let isWatched = false;

/**
 * Notes from now on whom this process sends requests to: those of an SDK in it. Those of another process are not seen.
 * What it returns ends that, and forgets what was noted.
 */
export function watchRequests(): () => void {
  const note = (message: unknown): void => {
    const { request } = message as { readonly request: ClientRequest };
    asked.add(request.host);
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
    asked.clear();
    late.clear();
  };
}

/**
 * Says which layer left the pod without credentials. The SDK's own error does not tell: it drops the agent's plain-text
 * answer, and a later provider of the chain may mask it. So the settings are looked at, and the agent is asked again.
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
      'the pod spec has neither AWS_CONTAINER_CREDENTIALS_FULL_URI nor AWS_ROLE_ARN with AWS_WEB_IDENTITY_TOKEN_FILE: nothing was injected at admission, and that does not change later';
    // Without settings an SDK asks nobody else.
    const inVain = late.size > 0 ? '; instance metadata did not answer the SDK in time (TIMEOUT)' : '';
    return refused('injection', 'NoCredentialsSettings', message + inVain);
  }
  const { protocol, hostname } = new URL(AWS_CONTAINER_CREDENTIALS_FULL_URI);
  if (protocol === 'http:' && !ACCEPTED_HOST.test(hostname)) {
    if (!isWatched)
      return {
        outcome: 'error',
        message: `whether the client sent its token over plain HTTP to ${hostname} is not seen here`,
      };
    if (asked.has(unbracketed(hostname))) {
      const message = `the SDK sent a request over plain HTTP to ${hostname}, which must get no token`;
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
    const inVain = late.has(unbracketed(hostname)) || TIME_UP.test(error.message) ? 'TIMEOUT: ' : '';
    const said = error.code === NO_REQUEST ? error.message : `the SDK found no credentials (${inVain}${error.message})`;
    const message = `${said}, yet the agent answers a request made by hand`;
    return refused('agent', error.code, message, {
      ...sdk,
      ...(milliseconds >= PATIENCE_MILLISECONDS && { lateMilliseconds: milliseconds }),
    });
  }
  return { ...answer, facts: { ...answer.facts, ...sdk } };
}
