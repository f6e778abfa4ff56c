import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PodCredentials } from '../eks-auth/answer.ts';
import type { CredentialRetriever } from '../eks-auth/client.ts';
import { EksAuthError, FetchError } from '../eks-auth/errors.ts';
import { marshalString } from '../../go/json-encode.ts';
import { reply, replyError } from '../../go/reply.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Clock } from '../options.ts';
import { TokenRefusal } from './token-validator.ts';
import { tokenRefusal } from './token.ts';

/** The agent's link-local addresses. Only these hosts are valid, regardless of the listening address. */
export const TARGET_HOSTS = ['169.254.170.23', 'fd00:ec2::23'] as const;
/** `host:port` according to Go's `net.SplitHostPort`. */
const HOST_PORT = /^(?:\[([^[\]]*)\]|([^:[\]]*)):[^:[\]]*$/;

function targetHost(hostHeader: string): string {
  const [, bracketed, plain] = HOST_PORT.exec(hostHeader) ?? [];
  const host = bracketed ?? plain ?? hostHeader;
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}

export function hostRefusal(hostHeader: string): string | undefined {
  const host = targetHost(hostHeader);
  if (TARGET_HOSTS.some((target) => target === host)) return undefined;
  return `Access Denied. Called agent through invalid address, please use either [${TARGET_HOSTS.join(' ')}] address not ${host}`;
}

export const CREDENTIALS_PATH = '/v1/credentials';

interface CredentialsHandlerOptions {
  readonly retriever: CredentialRetriever;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** Formats a time like RFC 3339, without trailing zeros in the fraction of the second. */
function rfc3339(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.?0+Z$/, 'Z');
}

function credentialsJson(credentials: PodCredentials): string {
  const members = [
    ['AccessKeyId', credentials.accessKeyId],
    ['SecretAccessKey', credentials.secretAccessKey],
    ['Token', credentials.sessionToken],
    ['AccountId', credentials.accountId],
    ['Expiration', rfc3339(credentials.expiration)],
  ] as const;
  const filled = members.filter(([, value]) => value !== '');
  return `{${filled.map(([name, value]) => `"${name}":${marshalString(value)}`).join(',')}}`;
}

/** Returns the handler of the credentials endpoint: checks the Host header, then the token, then calls EKS Auth. */
export function credentialsHandler(options: CredentialsHandlerOptions) {
  const { retriever, clock, metrics } = options;

  return async (request: IncomingMessage, response: ServerResponse, host: string): Promise<void> => {
    const client = `${request.socket.remoteAddress ?? ''}:${request.socket.remotePort ?? ''}`;
    const log = options.log.with({ 'client-addr': client });
    log.info(`handling new request request from ${client}`);

    const refuse = (status: number, text: string): void => {
      metrics.responses.increment({ code: String(status) });
      log.error(`Error fetching credentials: ${text}`);
      replyError(response, status, text);
    };

    const wrongHost = hostRefusal(host);
    if (wrongHost !== undefined) return refuse(403, wrongHost);
    const token = request.headers.authorization ?? '';
    const wrongToken = tokenRefusal(token, clock.now());
    if (wrongToken !== undefined) return refuse(400, wrongToken);

    /** Fires when the caller disconnects. Created only for calls of EKS Auth, because it costs half as much as a response. */
    const signal = (): AbortSignal => {
      const gone = new AbortController();
      if (response.destroyed) gone.abort();
      response.once('close', () => gone.abort());
      return gone.signal;
    };
    try {
      const body = credentialsJson(await retriever.retrieve(token, log, signal));
      metrics.responses.increment({ code: '200' });
      reply(response, 200, { 'Content-Type': 'application/json' }, body);
    } catch (error) {
      if (error instanceof EksAuthError) refuse(error.status, error.text);
      else if (error instanceof TokenRefusal) refuse(400, error.message);
      else if (error instanceof FetchError) refuse(500, error.message);
      else {
        log.log('panic', error instanceof Error ? error.message : 'unknown error');
        throw error;
      }
    }
  };
}
