import { KubeConfig } from '@kubernetes/client-node';
import { ServiceAccountCache, startWebhook, watchConfigMap } from '../../../components/webhook/index.ts';
import type { RunningWebhook } from '../../../components/webhook/index.ts';
import { connect } from '../../../foundation/protocols/kubernetes-connection.ts';
import { webhookRegistration } from '../../common/webhook-registration.ts';
import { webhookRights } from '../../common/webhook-rights.ts';
import type { ApiServer } from '../../kubernetes/index.ts';

const NAMESPACE = 'kube-system';
/** EKS's name for the webhook's user and role (EKS User Guide, "Default Amazon EKS created RBAC roles and users"). */
export const WEBHOOK_USER = 'eks:pod-identity-mutating-webhook';

export const WEBHOOK_RIGHTS = webhookRights(
  { name: WEBHOOK_USER, namespace: NAMESPACE },
  { kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: WEBHOOK_USER },
);

/** Starts the webhook and registers it like EKS, failing open. `token` belongs to {@link WEBHOOK_USER}. */
export async function startPodIdentityWebhook(api: ApiServer, region: string, token: string): Promise<RunningWebhook> {
  const config = new KubeConfig();
  const caData = Buffer.from(api.certificateAuthority).toString('base64');
  config.loadFromClusterAndUser(
    { name: 'embedded', server: api.url, caData, skipTLSVerify: false },
    { name: WEBHOOK_USER, token },
  );
  const connection = connect(config);
  const cache = new ServiceAccountCache(connection, () => undefined);
  const configuredIdentities = watchConfigMap(connection, NAMESPACE);
  const [tls] = await Promise.all([api.issueCertificate('127.0.0.1'), cache.start()]);
  const webhook = await startWebhook({
    serviceAccounts: cache,
    configuredIdentities,
    awsDefaultRegion: region,
    stsRegionalEndpoint: true,
    tls,
    host: '127.0.0.1',
    port: 0,
  });
  api.store.create(
    'mutatingwebhookconfigurations',
    webhookRegistration({ url: `${webhook.url}/mutate`, caBundle: caData }),
  );
  return {
    ...webhook,
    stop: async () => {
      await Promise.all([webhook.stop(), cache.stop(), configuredIdentities.stop()]);
      connection.close();
    },
  };
}
