import * as http from 'node:http';
import * as https from 'node:https';
import { listen } from '../../../foundation/node/listen.ts';
import type { ServeMux } from '../../go/mux.ts';
import { shutdownOf } from '../../go/reply.ts';
import { settingsOf, type RunningWebhook, type WebhookOptions } from '../options.ts';
import { routes, type Context } from './routes.ts';

type Identities = NonNullable<WebhookOptions['identities']>;

/** Starts a webhook like amazon-eks-pod-identity-webhook 0.6.9. Rejects if it cannot bind a port. */
export async function startWebhook(options: WebhookOptions): Promise<RunningWebhook> {
  let associated = keysOf(options.identities ?? []);
  const context: Context = {
    options,
    settings: settingsOf(options),
    log: options.log ?? (() => undefined),
    associated: (namespace, serviceAccount) => associated.has(keyOf(namespace, serviceAccount)),
  };

  const host = options.host ?? '127.0.0.1';
  const webhook = serverFor(options.tls, routes(context));
  const stop = shutdownOf(webhook, SHUTDOWN_WAIT);
  const port = await listen(webhook, host, options.port, NO_TIMEOUTS.keepAliveTimeout);
  return {
    url: `${options.tls ? 'https' : 'http'}://${inUrl(host)}:${port}`,
    setIdentities(identities) {
      associated = keysOf(identities);
    },
    stop,
  };
}

const keyOf = (namespace: string, serviceAccount: string): string => `${namespace}/${serviceAccount}`;
const keysOf = (identities: Identities): ReadonlySet<string> =>
  new Set(identities.map(({ namespace, serviceAccount }) => keyOf(namespace, serviceAccount)));
const inUrl = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/**
 * Disables timeouts, like a Go server. The API server keeps connections for 90 seconds and never retries a POST. If this
 * server closed a connection first, a review could be lost and its pod would not be mutated.
 */
const NO_TIMEOUTS = { keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 };

function serverFor(tls: WebhookOptions['tls'], mux: ServeMux): http.Server {
  const listener: http.RequestListener = (request, response) => void mux.serve(request, response);
  return tls
    ? https.createServer({ ...NO_TIMEOUTS, cert: tls.certificate, key: tls.key }, listener)
    : http.createServer(NO_TIMEOUTS, listener);
}

/** The real webhook's timeout of a stop that waits for active requests, in milliseconds. */
const SHUTDOWN_WAIT = 10_000;
