import { request } from 'node:https';
import { connect } from '../../foundation/protocols/kubernetes-connection.ts';
import { rawAnswer, type KubernetesClient, type RawAnswer } from '../kubernetes-client/client.ts';
import type { ProvisionedCluster } from '../scenario/scenario-context.ts';

/** `clientConfig` of the webhook (Kubernetes, "Dynamic Admission Control"): a URL on EKS, elsewhere usually a service. */
interface WebhookClient {
  readonly url?: string;
  readonly service?: {
    readonly namespace: string;
    readonly name: string;
    readonly path?: string;
    readonly port?: number;
  };
  /** PEM in Base64. */
  readonly caBundle?: string;
}

/** EKS and the webhook's manifests use the same name. */
const CONFIGURATION = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/pod-identity-webhook';

/** Returns the webhook's `clientConfig`. Throws an Error if the cluster has no such configuration. */
export async function webhookClient(kubernetes: KubernetesClient): Promise<WebhookClient> {
  const answer = await kubernetes.raw({ path: CONFIGURATION });
  const { webhooks } = JSON.parse(answer.body) as { webhooks?: readonly { clientConfig?: WebhookClient }[] };
  const client = webhooks?.[0]?.clientConfig;
  if (client === undefined) throw new Error('the cluster has no webhook configuration pod-identity-webhook');
  return client;
}

/** Replaces the webhook's `clientConfig`. Throws an Error if the API server rejects it. */
export async function setWebhookClient(kubernetes: KubernetesClient, client: WebhookClient): Promise<void> {
  const answer = await kubernetes.raw({
    method: 'PATCH',
    path: CONFIGURATION,
    headers: { 'content-type': 'application/json-patch+json' },
    body: [{ op: 'replace', path: '/webhooks/0/clientConfig', value: client }],
  });
  if (answer.status !== 200)
    throw new Error(`the webhook configuration pod-identity-webhook cannot be changed (status ${answer.status})`);
}

export interface WebhookRequest {
  /** If empty, no header is sent. */
  readonly contentType: string;
  readonly body: string;
  /** Default POST. */
  readonly method?: string;
  /** May include a query. Default: the path in the webhook's configuration. */
  readonly path?: string;
}

/** Sends a request to the webhook, at its URL or through the API server's proxy to its service. */
export async function sendToWebhook(
  { cluster, kubernetes }: ProvisionedCluster,
  { contentType, body, method = 'POST', path: requestPath }: WebhookRequest,
): Promise<RawAnswer> {
  const { url, service, caBundle } = await webhookClient(kubernetes);
  const headers: Readonly<Record<string, string>> = contentType === '' ? {} : { 'content-type': contentType };
  if (url !== undefined) return sendTo(new URL(requestPath ?? url, url), { method, headers, body, caBundle });
  const { namespace, name, port = 443, path = '/' } = service ?? { namespace: '', name: '' };
  const connection = connect(cluster.kubeConfig);
  try {
    const answer = await connection.send({
      method,
      path: `/api/v1/namespaces/${namespace}/services/https:${name}:${port}/proxy${requestPath ?? path}`,
      headers,
      ...(BODILESS.has(method) ? {} : { body }),
    });
    return await rawAnswer(answer);
  } finally {
    connection.close();
  }
}

const BODILESS = new Set(['GET', 'HEAD']);

interface Sent {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly caBundle: string | undefined;
}

function sendTo(url: URL, { method, headers, body, caBundle }: Sent): Promise<RawAnswer> {
  const sent = BODILESS.has(method) ? '' : body;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      {
        method,
        headers: { ...headers, 'content-length': Buffer.byteLength(sent) },
        ...(caBundle !== undefined && { ca: Buffer.from(caBundle, 'base64') }),
        agent: false,
      },
      (incoming) => void rawAnswer(incoming).then(resolve, reject),
    );
    outgoing.on('error', reject);
    outgoing.end(sent);
  });
}
