import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import type { ProbeResult } from '../../foundation/probe-protocol.ts';
import { fetchCredentials } from './raw.ts';

/**
 * Hosts that SDKs take a token to over plain HTTP (AWS SDKs and Tools Reference Guide, "Container credential provider",
 * AWS_CONTAINER_CREDENTIALS_FULL_URI).
 */
const ACCEPTED_HOST = /^(169\.254\.170\.(2|23)|\[fd00:ec2::23\]|localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** Hosts that requests were sent to, also where no connection came about: an SDK's last error does not tell the first. */
const asked = new Set<string>();
subscribe('http.client.request.start', (message) => {
  asked.add((message as { readonly request: ClientRequest }).request.host);
});

/**
 * Says which layer left the pod without credentials. The SDK's own error does not tell: it drops the agent's plain-text
 * answer, and a later provider of the chain may mask it. So the settings are looked at, and the agent is asked again.
 */
export async function diagnoseMissingCredentials(error: Error): Promise<ProbeResult> {
  const { AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE, AWS_CONTAINER_CREDENTIALS_FULL_URI } = process.env;
  const sdk = { sdkError: error.name };
  if (AWS_WEB_IDENTITY_TOKEN_FILE !== undefined && AWS_ROLE_ARN !== undefined) {
    return { outcome: 'refused', layer: 'sts', code: error.name, message: error.message, facts: sdk };
  }
  if (AWS_CONTAINER_CREDENTIALS_FULL_URI === undefined) {
    return {
      outcome: 'refused',
      layer: 'injection',
      code: 'NoCredentialsSettings',
      message:
        'the pod spec has neither AWS_CONTAINER_CREDENTIALS_FULL_URI nor AWS_ROLE_ARN with AWS_WEB_IDENTITY_TOKEN_FILE: nothing was injected at admission, and that does not change later',
      facts: sdk,
    };
  }
  const { protocol, hostname } = new URL(AWS_CONTAINER_CREDENTIALS_FULL_URI);
  if (protocol === 'http:' && !ACCEPTED_HOST.test(hostname)) {
    if (asked.has(hostname.replace(/^\[|\]$/g, '')))
      return {
        outcome: 'refused',
        layer: 'injection',
        code: 'TokenSentElsewhere',
        message: `the SDK sent a request over plain HTTP to ${hostname}, which must get no token`,
        facts: sdk,
      };
    return {
      outcome: 'refused',
      layer: 'injection',
      code: 'UriNotAccepted',
      message: `SDKs send no token over plain HTTP to ${hostname}: ${error.message}`,
      facts: { ...sdk, sdkMessage: error.message },
    };
  }
  let answer: ProbeResult;
  try {
    answer = await fetchCredentials({ do: 'FetchCredentials', token: { from: 'pod-identity' } });
  } catch (cause) {
    return {
      outcome: 'refused',
      layer: 'injection',
      code: 'TokenUnreadable',
      message: `the token of AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'not set'})`,
      facts: sdk,
    };
  }
  if (answer.outcome === 'granted') {
    return {
      outcome: 'refused',
      layer: 'agent',
      code: error.name,
      message: `the SDK found no credentials (${error.message}), yet the agent answers a request made by hand`,
      facts: sdk,
    };
  }
  return { ...answer, facts: { ...answer.facts, ...sdk } };
}
