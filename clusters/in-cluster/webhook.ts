import type { V1Pod } from '@kubernetes/client-node';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { newCertificateAuthority } from '../../foundation/node/certificates.ts';
import { identitiesDelivery } from './delivery.ts';
import { demandOurs, put, refuseTakenNames, type KubernetesObject, type ObjectName } from './objects.ts';
import { NAMESPACE, type InClusterOptions } from './options.ts';
import { awaitRollout } from './rollout.ts';
import { isTransient } from '../../foundation/protocols/kubernetes-connection.ts';
import { poll } from '../../foundation/node/poll.ts';
import { WEBHOOK, WEBHOOK_HOSTS, WEBHOOK_LABELS, webhookConfiguration, webhookObjects } from './webhook-manifest.ts';
import type { Identity } from './webhook-manifest.ts';

export interface WebhookOptions extends InClusterOptions {
  readonly image: string;
}

export interface InstalledWebhook {
  /** Sets all service accounts with associations. Resolves when these, or newer ones, are effective. */
  setIdentities(identities: readonly Identity[]): Promise<void>;
}

const WHAT = 'The Pod Identity webhook';
/** Milliseconds for a try: without kube-proxy's rules, the API server would wait for ten seconds. */
const TRIAL = 2000;
/** The webhook's own account is the initial list: its pods are exempt. */
const OWN: Identity = { namespace: NAMESPACE, serviceAccount: WEBHOOK };

/** The registration goes first, so that no pod waits for a missing webhook. */
export const WEBHOOK_OBJECTS: readonly ObjectName[] = [
  webhookConfiguration('', ''),
  ...webhookObjects({ run: '', region: '', image: '', tls: { certificate: '', key: '' } }, []),
].map(({ apiVersion, kind, metadata: { name, namespace } }) => ({
  apiVersion,
  kind,
  metadata: { name, ...(namespace !== undefined && { namespace }) },
}));

/**
 * Installs and registers the webhook, and waits until the API server calls it. On failure it stays until
 * `removeFromCluster`. Throws NOT_OURS (nothing changed), IMAGE_MISSING, IMAGE_BROKEN or WEBHOOK_NOT_READY.
 */
export async function installWebhook(options: WebhookOptions): Promise<InstalledWebhook> {
  const { connection, run, image, readyMilliseconds, signal, progress } = options;
  const deadline = Date.now() + readyMilliseconds;
  const [authority] = await Promise.all([newCertificateAuthority(), refuseOtherWebhooks(options)]);
  const tls = await authority.issue(WEBHOOK_HOSTS);
  const objects = webhookObjects({ ...options, tls }, [OWN]);
  const controller = objects.find(({ kind }) => kind === 'Deployment') as KubernetesObject;
  await Promise.all(objects.filter((object) => object !== controller).map((object) => put(connection, object, signal)));
  await put(connection, controller, signal);
  progress(`webhook: ${image}`);
  await awaitRollout({
    connection,
    controller,
    what: WHAT,
    labels: WEBHOOK_LABELS,
    image,
    flag: '--webhook-image',
    notReady: 'WEBHOOK_NOT_READY',
    deadline,
    readyMilliseconds,
    signal,
  });
  await put(connection, webhookConfiguration(run, authority.certificate), signal);
  await awaitMutation(options, Math.max(deadline - Date.now(), 1000));
  return { setIdentities: identitiesDelivery({ connection, signal }) };
}

/** Dry-runs pods until one is changed: registrations take effect with a delay. */
async function awaitMutation({ connection, signal, readyMilliseconds }: WebhookOptions, within: number): Promise<void> {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { generateName: 'conformance-check-', namespace: NAMESPACE },
    spec: { serviceAccountName: WEBHOOK, containers: [{ name: 'conformance-check', image: 'conformance-check' }] },
  };
  await poll<true>(
    async (attempt) => {
      const trial = AbortSignal.timeout(TRIAL);
      try {
        const path = `/api/v1/namespaces/${NAMESPACE}/pods?dryRun=All`;
        const { spec } = await connection.json<V1Pod>('POST', path, pod, AbortSignal.any([attempt, trial]));
        const env = spec?.containers[0]?.env ?? [];
        return env.some(({ name }) => name === 'AWS_CONTAINER_CREDENTIALS_FULL_URI') ? true : undefined;
      } catch (error) {
        if (trial.aborted) return undefined;
        throw error;
      }
    },
    {
      every: 100,
      within,
      signal,
      tolerates: isTransient,
      late: () =>
        new ClusterError(
          'WEBHOOK_NOT_READY',
          `The API server did not reach the Pod Identity webhook at service ${NAMESPACE}/${WEBHOOK} within ${readyMilliseconds / 1000} s (--ready-timeout), though its pod is ready; see the logs of kube-apiserver and kube-proxy.`,
        ),
    },
  );
}

/** Recognizes webhooks by name, and by EKS's and the manifests' registrations. */
async function refuseOtherWebhooks({ connection, run, signal }: WebhookOptions): Promise<void> {
  const what = 'a Pod Identity webhook';
  const { items } = await connection.json<{ items: readonly (KubernetesObject & Registration)[] }>(
    'GET',
    '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations',
    undefined,
    signal,
  );
  for (const { metadata, webhooks = [] } of items)
    if (webhooks.some(({ name }) => /^(iam-for-pods|pod-identity-webhook)\.amazonaws\.com$/.test(name)))
      demandOurs(
        { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration', metadata },
        run,
        what,
      );
  await refuseTakenNames(connection, WEBHOOK_OBJECTS, { run, what, signal });
}

interface Registration {
  readonly webhooks?: readonly { readonly name: string }[];
}
