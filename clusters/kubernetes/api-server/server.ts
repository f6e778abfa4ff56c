import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AdmissionWebhooks } from './admission/webhooks.ts';
import { WebhookClient } from './admission/webhook-client.ts';
import { createDefaultRoles } from './authorization/default-roles.ts';
import { demandAccess } from './authorization/demand.ts';
import { Authorizer } from './authorization/rbac.ts';
import { newCertificateAuthority } from '../../../foundation/node/certificates.ts';
import { listen, stopServer } from '../../../foundation/node/listen.ts';
import type { ApiContext } from './rest/context.ts';
import { startDaemonSetController } from './controllers/daemon-sets.ts';
import { startDeploymentController } from './controllers/deployments.ts';
import { startGarbageCollector } from './controllers/garbage.ts';
import { startJobController } from './controllers/jobs.ts';
import { startNamespaceController } from './controllers/namespaces.ts';
import { startReplicaSetController } from './controllers/replica-sets.ts';
import { startScheduler } from './controllers/scheduler.ts';
import { newTokenAuthenticator, authenticateRequest, impersonate } from './identity/authenticate.ts';
import { newSigningKeys } from './identity/signing-keys.ts';
import { newTokenIssuer } from './identity/token-issuer.ts';
import { TokenVerifier } from './identity/token-verifier.ts';
import { MemoryStore } from './store/memory-store.ts';
import { ApiError, type ApiServer, type ApiServerOptions, type Kubelet } from './model/types.ts';
import { serveNonResource } from './http/non-resource.ts';
import { attributesOf, parseRequest } from './http/request-info.ts';
import { serveResource } from './http/resource.ts';
import { respondError } from './rest/respond.ts';
import { requestPodToken } from './rest/token-request.ts';

const SYSTEM_CLOCK = { now: () => Date.now() };
const TOKEN_LIFETIMES = { maxSeconds: 2 ** 32, extendedSeconds: 365 * 24 * 3600 };
const SERVER_NAMES = ['localhost', '127.0.0.1', '::1', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];

/** Starts an in-memory API server on loopback, over TLS with its own authority. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { issuer, version, clock = SYSTEM_CLOCK } = options;
  const authority = await newCertificateAuthority();
  const certificate = await authority.issue(SERVER_NAMES);

  // Starts after the certificates, because the key's generation would delay them.
  const { keyId, keyMilliseconds } = options;
  const keys = newSigningKeys(
    keyId,
    keyMilliseconds === undefined ? undefined : { clock, milliseconds: keyMilliseconds },
  );
  const store = new MemoryStore(clock);
  createDefaultRoles(store);
  startNamespaceController(store, authority.certificate);
  startScheduler(store, clock);

  const webhookClient = new WebhookClient();
  const tokenLifetimes = options.tokenLifetimes ?? TOKEN_LIFETIMES;
  const tokens = newTokenIssuer(issuer, keys, clock, tokenLifetimes);
  const kubelets = new Map<string, Kubelet>();
  let url = '';
  const context: ApiContext = {
    store,
    clock,
    authorizer: new Authorizer(store),
    authenticateToken: newTokenAuthenticator(
      new TokenVerifier(issuer, keys, store, clock),
      options.authenticate,
      clock,
    ),
    webhooks: new AdmissionWebhooks(store, webhookClient),
    tokens,
    tokenLifetimes,
    version,
    audit: options.audit ?? (() => undefined),
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
  url = `https://127.0.0.1:${await listen(server)}`;

  return {
    url,
    certificateAuthority: authority.certificate,
    store,
    tokens,
    tokensFor: (node) => ({
      ...tokens,
      issue: (account, request) => requestPodToken(context, node, account, request),
    }),
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

/** Throws `ApiError` 406 unless the client accepts JSON. Clients that accept protobuf also accept JSON. */
function checkAccept(accept: string | undefined): void {
  if (accept === undefined || /json|\*\/\*|application\/\*|text\/|jwk-set/.test(accept)) return;
  throw new ApiError(406, 'NotAcceptable', 'only the following media types are accepted: application/json');
}

async function serve(context: ApiContext, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const info = parseRequest(request);
  const requester = await authenticateRequest(request.headers, context.authenticateToken);
  const user = impersonate(requester, request.headers, context);
  demandAccess(context, user, attributesOf(info));
  const target = info.resource;
  const stream = target?.subresource === 'log' || target?.subresource === 'proxy';
  if (!stream) checkAccept(request.headers.accept);
  if (target === undefined) await serveNonResource(context, info, response);
  else await serveResource({ context, info, target, user, request, response });
}

function requestHandler(context: ApiContext): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    serve(context, request, response).catch((error: unknown) => respondError(response, error));
  };
}
