import type { V1ConfigMap } from '@kubernetes/client-node';
import {
  CONFIG_MAP,
  configMapIdentities,
  DEFAULT_TOKEN_EXPIRATION,
  startWebhook,
} from '../../../components/webhook/index.ts';
import type { RunningWebhook, ServiceAccount } from '../../../components/webhook/index.ts';
import { webhookRegistration } from '../../webhook-registration.ts';
import type { ApiServer, ObjectStore } from '../../../kubernetes/index.ts';

export interface WebhookHost {
  readonly api: ApiServer;
  readonly region: string;
}

/** Starts the Pod Identity webhook and registers it as EKS does: on loopback, failing open. */
export async function startPodIdentityWebhook(host: WebhookHost): Promise<RunningWebhook> {
  const { api, region } = host;
  const tls = await api.issueCertificate('127.0.0.1');
  const lookUp = (namespace: string, name: string): ServiceAccount | undefined =>
    serviceAccount(api.store, namespace, name);
  const webhook = await startWebhook({
    serviceAccounts: { get: lookUp, fetch: async (namespace, name) => lookUp(namespace, name) },
    configuredIdentities: configMapIdentities(
      () => (api.store.get('configmaps', 'kube-system', CONFIG_MAP) as V1ConfigMap | undefined)?.data?.['config'],
      DEFAULT_TOKEN_EXPIRATION,
    ),
    awsDefaultRegion: region,
    stsRegionalEndpoint: true,
    tls,
    host: '127.0.0.1',
    port: 0,
  });
  register(api, webhook.url);
  return webhook;
}

function serviceAccount(store: ObjectStore, namespace: string, name: string): ServiceAccount | undefined {
  const found = store.get('serviceaccounts', namespace, name);
  return found === undefined ? undefined : { namespace, name, annotations: found.metadata.annotations ?? {} };
}

function register(api: ApiServer, url: string): void {
  const caBundle = Buffer.from(api.certificateAuthority).toString('base64');
  api.store.create('mutatingwebhookconfigurations', webhookRegistration({ url: `${url}/mutate`, caBundle }));
}
