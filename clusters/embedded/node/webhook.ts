import { KubeConfig } from '@kubernetes/client-node';
import { setTimeout as delay } from 'node:timers/promises';
import { ServiceAccountCache, startWebhook, watchConfigMap } from '../../../components/webhook/index.ts';
import type { RunningWebhook } from '../../../components/webhook/index.ts';
import { connect } from '../../../foundation/kubernetes/connection.ts';
import { webhookRegistration } from '../../webhook-registration.ts';
import type { ApiServer } from '../../../kubernetes/index.ts';

/**
 * On embedded clusters changes count at once: a review waits until the watch has told of what the service account is now. Looks at that,
 * at most, and milliseconds between them.
 */
const LOOKS = { most: 200, every: 10 };

const NAMESPACE = 'kube-system';
const GROUP = 'rbac.authorization.k8s.io';
/** The user, and the role, that EKS' webhook has (EKS User Guide, "Default Amazon EKS created RBAC roles and users"). */
export const WEBHOOK_USER = 'eks:pod-identity-mutating-webhook';

/** Its rights: to read service accounts, and the config map of its namespace. */
const RIGHTS = [
  {
    apiVersion: `${GROUP}/v1`,
    kind: 'ClusterRole',
    metadata: { name: WEBHOOK_USER },
    rules: [{ apiGroups: [''], resources: ['serviceaccounts', 'configmaps'], verbs: ['get', 'watch', 'list'] }],
  },
  {
    apiVersion: `${GROUP}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: WEBHOOK_USER },
    roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name: WEBHOOK_USER },
    subjects: [{ kind: 'User', apiGroup: GROUP, name: WEBHOOK_USER }],
  },
];

/** Starts the Pod Identity webhook and registers it as EKS does: on loopback, failing open. `token` is its own at the API server. */
export async function startPodIdentityWebhook(api: ApiServer, region: string, token: string): Promise<RunningWebhook> {
  for (const object of RIGHTS) api.store.create(`${object.kind.toLowerCase()}s`, object);
  const config = new KubeConfig();
  const caData = Buffer.from(api.certificateAuthority).toString('base64');
  config.loadFromClusterAndUser(
    { name: 'c', server: api.url, caData, skipTLSVerify: false },
    { name: WEBHOOK_USER, token },
  );
  const connection = connect(config);
  const cache = new ServiceAccountCache(connection, () => undefined);
  const get = (namespace: string, name: string) => cache.get(namespace, name);
  const isKnown = (namespace: string, name: string): boolean => {
    const { annotations } = api.store.get('serviceaccounts', namespace, name)?.metadata ?? {};
    return JSON.stringify(get(namespace, name)?.annotations ?? {}) === JSON.stringify(annotations ?? {});
  };
  const upToDate = async (...account: Parameters<typeof isKnown>): Promise<void> => {
    for (let looks = 0; looks < LOOKS.most && !isKnown(...account); looks++) await delay(LOOKS.every);
  };
  const configuredIdentities = watchConfigMap(connection, NAMESPACE);
  await cache.start();
  const tls = await api.issueCertificate('127.0.0.1');
  const webhook = await startWebhook({
    ...{
      serviceAccounts: { get, upToDate },
      configuredIdentities,
      awsDefaultRegion: region,
      stsRegionalEndpoint: true,
    },
    ...{ tls, host: '127.0.0.1', port: 0 },
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
