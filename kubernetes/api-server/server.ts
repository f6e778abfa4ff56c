import { createServer } from 'node:https';
import { MutatingWebhooks } from './admission/mutating-webhooks.ts';
import { WebhookClient } from './admission/webhook-client.ts';
import { createDefaultRoles } from './authorization/default-roles.ts';
import { Authorizer } from './authorization/rbac.ts';
import { newCertificateAuthority } from '../../foundation/kubernetes/certificates.ts';
import { listen, stopServer } from '../../foundation/listen.ts';
import type { ApiContext } from './context.ts';
import { startDaemonSetController } from './controllers/daemon-sets.ts';
import { startDeploymentController } from './controllers/deployments.ts';
import { startGarbageCollector } from './controllers/garbage.ts';
import { startJobController } from './controllers/jobs.ts';
import { startNamespaceController } from './controllers/namespaces.ts';
import { startReplicaSetController } from './controllers/replica-sets.ts';
import { startScheduler } from './controllers/scheduler.ts';
import { requestHandler } from './http/handler.ts';
import { newTokenAuthenticator } from './identity/authenticate.ts';
import { newSigningKey } from './identity/signing-key.ts';
import { newTokenIssuer } from './identity/token-issuer.ts';
import { TokenVerifier } from './identity/token-verifier.ts';
import { MemoryStore } from './store/memory-store.ts';
import type { ApiServer, ApiServerOptions, Kubelet } from './types.ts';

const SYSTEM_CLOCK = { now: () => Date.now() };
const TOKEN_LIFETIMES = { maxSeconds: 2 ** 32, extendedSeconds: 365 * 24 * 3600 };
const SERVER_NAMES = ['localhost', '127.0.0.1', '::1', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];

/**
 * Starts an API server: in memory, over TLS with an authority of its own, with Kubernetes'
 * authentication, RBAC, admission and watches. Rejects when the address cannot be bound.
 */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { issuer, version, clock = SYSTEM_CLOCK, host = '127.0.0.1', port = 0 } = options;
  const authority = await newCertificateAuthority();
  const certificate = await authority.issue([...new Set([...SERVER_NAMES, host])]);

  // After the certificates, whose making it would slow down: nobody waits for this key yet.
  const key = newSigningKey(options.keyId);
  const store = new MemoryStore(clock);
  createDefaultRoles(store);
  startNamespaceController(store, authority.certificate);
  startScheduler(store, clock);

  const webhookClient = new WebhookClient();
  const tokenLifetimes = options.tokenLifetimes ?? TOKEN_LIFETIMES;
  const tokens = newTokenIssuer(issuer, key, clock, tokenLifetimes);
  const kubelets = new Map<string, Kubelet>();
  let url = '';
  const context: ApiContext = {
    store,
    clock,
    authorizer: new Authorizer(store),
    authenticateToken: newTokenAuthenticator(new TokenVerifier(issuer, key, store, clock), options.authenticate, clock),
    webhooks: new MutatingWebhooks(store, webhookClient),
    tokens,
    tokenLifetimes,
    version,
    url: () => url,
    kubeletOf: (pod) => kubelets.get((pod['spec'] as { nodeName?: string } | undefined)?.nodeName ?? ''),
  };

  startGarbageCollector(context);
  const controllers = [
    startDeploymentController(context),
    startReplicaSetController(context),
    startDaemonSetController(context),
    startJobController(context),
  ];

  const server = createServer({ cert: certificate.certificate, key: certificate.key }, requestHandler(context));
  const bound = await listen(server, host, port);
  url = `https://${host.includes(':') ? `[${host}]` : host}:${bound}`;

  return {
    url,
    certificateAuthority: authority.certificate,
    store,
    tokens,
    issueCertificate: (name) => authority.issue([name]),
    setKubelet(node, kubelet) {
      if (kubelet === undefined) kubelets.delete(node);
      else kubelets.set(node, kubelet);
    },
    async close() {
      for (const stop of controllers) stop();
      webhookClient.close();
      await stopServer(server);
    },
  };
}
