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

interface WebhookOptions extends InClusterOptions {
  readonly image: string;
}

export interface InstalledWebhook {
  /** Replaces the list of service accounts with associations. Resolves when this list or a newer one is effective. */
  setIdentities(identities: readonly Identity[]): Promise<void>;
}

const WHAT = 'The Pod Identity webhook';
/** Milliseconds per attempt: until kube-proxy has set its rules, the API server would wait ten seconds. */
const TRIAL = 2000;
/** The initial list: the webhook's own service account, whose pods are exempt. */
const OWN: Identity = { namespace: NAMESPACE, serviceAccount: WEBHOOK };

/** Objects in order of removal. The registration is first, so that pods do not wait for a missing webhook. */
export const WEBHOOK_OBJECTS: readonly ObjectName[] = [
  webhookConfiguration('', ''),
  ...webhookObjects({ run: '', region: '', image: '', tls: { certificate: '', key: '' } }, []),
].map(({ apiVersion, kind, metadata: { name, namespace } }) => ({
  apiVersion,
  kind,
  metadata: { name, ...(namespace !== undefined && { namespace }) },
}));

/**
 * Installs and registers the webhook, and waits until the API server calls it. After a failure it stays until
 * `removeFromCluster`. Throws NOT_OURS (without changes), IMAGE_MISSING, IMAGE_BROKEN or WEBHOOK_NOT_READY.
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

/** Creates pods as a dry run until the webhook mutates one, because registrations take effect late. */
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
          `The API server did not reach the Pod Identity webhook at service ${NAMESPACE}/${WEBHOOK} within ${readyMilliseconds / 1000} s (--ready-timeout), although its pod is ready. Check the logs of kube-apiserver and kube-proxy.`,
        ),
    },
  );
}

/** Throws NOT_OURS for another webhook, recognized by its name or by EKS's name in its registration. */
export async function refuseOtherWebhooks({
  connection,
  run,
  signal,
}: Pick<WebhookOptions, 'connection' | 'run' | 'signal'>): Promise<void> {
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
