import type { KubernetesClient } from '../kubernetes/client.ts';

/** How the API server reaches the Pod Identity webhook: `clientConfig` of its configuration. */
export interface WebhookClient {
  /** Absent where the webhook is reached as a service of the cluster. */
  readonly url?: string;
  /** PEM in Base64. */
  readonly caBundle?: string;
}

/** Name that EKS and the webhook's own manifests give the configuration. */
const CONFIGURATION = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/pod-identity-webhook';

/** Throws an Error when the cluster has no such configuration. */
export async function webhookClient(kubernetes: KubernetesClient): Promise<WebhookClient> {
  const answer = await kubernetes.raw({ path: CONFIGURATION });
  const { webhooks } = JSON.parse(answer.body) as { webhooks?: readonly { clientConfig?: WebhookClient }[] };
  const client = webhooks?.[0]?.clientConfig;
  if (client === undefined) throw new Error('the cluster has no webhook configuration pod-identity-webhook');
  return client;
}

/** Throws an Error when the API server does not take it. */
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
