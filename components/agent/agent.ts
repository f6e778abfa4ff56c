import { cacheKeys } from './credentials/token-validator.ts';
import { CachingRetriever, type CachingOptions } from './credentials/caching-retriever.ts';
import { chainedRetriever } from './credentials/chained-retriever.ts';
import { CREDENTIALS_PATH, credentialsHandler, TARGET_HOSTS } from './credentials/handler.ts';
import { EksAuthClient, type CredentialRetriever } from './eks-auth/client.ts';
import { rateLimiter } from '../go/limiter.ts';
import { ServeMux, type Handler } from '../go/mux.ts';
import { reply, replyError } from '../go/reply.ts';
import { listen, type RunningServer } from './http/server.ts';
import { Logger } from './log.ts';
import { Metrics, METRICS_CONTENT_TYPE } from './metrics.ts';
import { AgentRefusal, DEFAULTS, type AgentOptions, type Clock, type RunningAgent } from './options.ts';
import { PROBE_PATHS, probeHandler } from './probes.ts';

const REQUEST_RATE = 1000;

type Cache = Pick<CachingOptions, 'retention' | 'maxSize' | 'refreshesPerSecond'>;

/** Returns the cache's settings. @throws AgentRefusal if refreshes could not keep up with a full cache */
function cacheSettings({
  maxCredentialRetentionBeforeRenewal: retention,
  maxCacheSize: maxSize,
  maxServiceQps: qps,
}: typeof DEFAULTS): Cache | undefined {
  if (retention === 0 || maxSize === 0) return undefined;
  const refreshesPerSecond = qps > 0 ? qps : DEFAULTS.maxServiceQps;
  if (refreshesPerSecond * Math.trunc(retention / 1000) < Math.trunc(maxSize / 2)) {
    throw new AgentRefusal(
      'cache-outgrows-refresh',
      `Refresh QPS is too small (${refreshesPerSecond}) or credentials renewal too small ` +
        `(${(retention / 1000).toFixed(2)}s) to keep up with the cache's size (${maxSize}): ` +
        'raise --max-service-qps or --max-credential-retention-before-renewal, or lower --max-cache-size.',
    );
  }
  return { retention, maxSize, refreshesPerSecond };
}

function rateLimited(handler: Handler): Handler {
  const limiter = rateLimiter(REQUEST_RATE, REQUEST_RATE / 2);
  return (request, response, host) =>
    limiter.allow() ? handler(request, response, host) : replyError(response, 429, 'Too Many Requests');
}

/** Starts the agent. @throws AgentRefusal if the options contradict each other or the agent cannot listen */
export async function startAgent(given: AgentOptions): Promise<RunningAgent> {
  const options = { ...DEFAULTS, ...given };
  if (options.enableImdsCredentials && options.version !== '0.2')
    throw new AgentRefusal('unknown-flag', 'unknown flag: --enable-imds-credentials');
  const cache = cacheSettings(options);
  const clock: Clock = options.clock ?? { now: () => Date.now() };
  const log = new Logger(options.log ?? (() => undefined), options.verbosity ?? 'info');
  const metrics = new Metrics();
  const servers: RunningServer[] = [];
  const clients: { close(): void }[] = [];
  const urls: string[] = [];

  const start = async (mux: ServeMux, host: string, port: number): Promise<RunningServer> => {
    const server = await listen(mux, host, port);
    servers.push(server);
    log.with({ 'bind-addr': `${host}:${server.port}` }).info('Starting server...');
    return server;
  };

  const credentialsServer = (bindHost: string): Promise<RunningServer> => {
    const client = new EksAuthClient({
      ...options,
      endpoint: options.endpoint ?? options.regionalEndpoint ?? `https://eks-auth.${options.region}.api.aws`,
      clock,
    });
    clients.push(client);
    const chained = options.enableImdsCredentials === true;
    let retriever: CredentialRetriever = chained ? chainedRetriever(client, clock, metrics) : client;
    if (cache !== undefined) {
      const keys = cacheKeys(options, metrics, log.with({ 'bind-addr': bindHost }));
      const caching = new CachingRetriever(retriever, { ...cache, ...keys, clock, metrics, chained });
      clients.push(caching);
      retriever = caching;
    }
    const mux = new ServeMux();
    const handler = credentialsHandler({
      retriever,
      clock,
      metrics,
      log: log.with({ 'bind-addr': bindHost, 'cluster-name': options.clusterName }),
    });
    mux.handle(CREDENTIALS_PATH, rateLimited(handler));
    return start(mux, bindHost, options.port);
  };

  const probes = (): ServeMux => {
    const mux = new ServeMux();
    for (const path of PROBE_PATHS) mux.handle(path, rateLimited(probeHandler(() => urls, log)));
    return mux;
  };

  const stop = async (): Promise<void> => {
    log.info('Shutting down server...');
    await Promise.all(servers.map((server) => server.stop()));
    for (const client of clients) client.close();
    log.info('Server gracefully stopped');
  };

  try {
    const credentials: RunningServer[] = [];
    for (const bindHost of options.bindHosts ?? TARGET_HOSTS) {
      const server = await credentialsServer(bindHost);
      credentials.push(server);
      urls.push(server.url);
    }
    const probe = await start(probes(), 'localhost', options.probePort);
    const metricsMux = probes();
    metricsMux.handle('/metrics', (_, response) =>
      reply(response, 200, { 'Content-Type': METRICS_CONTENT_TYPE }, metrics.text()),
    );
    const metricsServer = await start(metricsMux, options.metricsAddress, options.metricsPort);
    return {
      urls,
      servers: credentials.map(({ server }) => server),
      probeUrl: probe.url,
      metricsUrl: metricsServer.url,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
