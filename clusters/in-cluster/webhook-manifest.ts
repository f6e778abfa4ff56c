import { createHash } from 'node:crypto';
import type { CertificateAndKey } from '../../foundation/node/certificates.ts';
import type { KubernetesObject } from './objects.ts';
import { RUN_LABEL } from '../../foundation/protocols/labels.ts';
import { webhookRegistration } from '../common/webhook-registration.ts';
import { webhookRights } from '../common/webhook-rights.ts';
import { NAMESPACE, type InClusterOptions } from './options.ts';

interface WebhookSpec extends Pick<InClusterOptions, 'run' | 'region'> {
  readonly image: string;
  /** Certificate for `WEBHOOK_HOSTS`. */
  readonly tls: CertificateAndKey;
}

export const WEBHOOK = 'pod-identity-webhook';
/** The API server's names for the webhook. Its certificate must have the last one. */
export const WEBHOOK_HOSTS = [`${WEBHOOK}.${NAMESPACE}`, `${WEBHOOK}.${NAMESPACE}.svc`];
export const WEBHOOK_LABELS = { app: WEBHOOK, 'app.kubernetes.io/name': WEBHOOK };
export const MUTATE = `/api/v1/namespaces/${NAMESPACE}/services/https:${WEBHOOK}:443/proxy/mutate`;

/** ConfigMap and key with the list of service accounts that have associations. */
export const IDENTITIES = { configMap: `${WEBHOOK}-identities`, key: 'identities.json' };
/** A pod annotation in the same volume. A new value makes the kubelet renew the volume. */
export const DELIVERY_ANNOTATION = 'conformance.eks-pod-identity/delivery';

const CERTIFICATE_ANNOTATION = 'conformance.eks-pod-identity/certificate';
const CERTIFICATES = `${WEBHOOK}-cert`;
const FOLDER = '/etc/webhook/identities';

export interface Identity {
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** Returns the content of the file for `--watch-container-credentials-config`. */
export const identitiesFile = (identities: readonly Identity[]): string =>
  JSON.stringify({ identities: identities.map(({ namespace, serviceAccount }) => ({ namespace, serviceAccount })) });

/** Returns all objects except the registration. The Deployment follows the objects that it mounts. */
export function webhookObjects(spec: WebhookSpec, identities: readonly Identity[]): readonly KubernetesObject[] {
  const labels = { ...WEBHOOK_LABELS, [RUN_LABEL]: spec.run };
  const metadata = { name: WEBHOOK, namespace: NAMESPACE, labels };
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    ...webhookRights(metadata, { kind: 'ServiceAccount', name: WEBHOOK, namespace: NAMESPACE }),
    {
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'kubernetes.io/tls',
      metadata: { ...metadata, name: CERTIFICATES },
      stringData: { 'tls.crt': spec.tls.certificate, 'tls.key': spec.tls.key },
    },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { ...metadata, name: IDENTITIES.configMap },
      data: { [IDENTITIES.key]: identitiesFile(identities) },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector: { app: WEBHOOK }, ports: [{ port: 443, targetPort: 443 }] },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: WEBHOOK } },
        template: {
          metadata: {
            // The webhook's own pods must not wait for the webhook.
            labels: { ...WEBHOOK_LABELS, 'eks.amazonaws.com/skip-pod-identity-webhook': 'true' },
            // Replaces the pods when the certificate changes.
            annotations: {
              [CERTIFICATE_ANNOTATION]: createHash('sha256').update(spec.tls.certificate).digest('hex').slice(0, 16),
            },
          },
          spec: podSpec(spec),
        },
      },
    },
  ];
}

function podSpec({ image, region }: WebhookSpec): Record<string, unknown> {
  return {
    serviceAccountName: WEBHOOK,
    priorityClassName: 'system-cluster-critical',
    tolerations: ['node-role.kubernetes.io/control-plane', 'node.kubernetes.io/not-ready'].map((key) => ({
      key,
      operator: 'Exists',
      effect: 'NoSchedule',
    })),
    // Because of this group, the kubelet changes the owner of every file on each write to a volume (see below).
    securityContext: { fsGroup: 65534 },
    containers: [
      {
        name: WEBHOOK,
        image,
        imagePullPolicy: 'IfNotPresent',
        command: [
          '/webhook',
          '--in-cluster=false',
          `--namespace=${NAMESPACE}`,
          `--service-name=${WEBHOOK}`,
          '--annotation-prefix=eks.amazonaws.com',
          '--token-audience=sts.amazonaws.com',
          `--aws-default-region=${region}`,
          '--sts-regional-endpoint=true',
          '--watch-config-map',
          `--watch-container-credentials-config=${FOLDER}/${IDENTITIES.key}`,
          '--logtostderr',
          // Logs each pod's decision.
          '--v=4',
        ],
        ports: [{ name: 'https', containerPort: 443, protocol: 'TCP' }],
        readinessProbe: {
          httpGet: { path: '/healthz', port: 'https', scheme: 'HTTPS' },
          periodSeconds: 1,
          // A busy host answers late, and without endpoints pods would be admitted unchanged.
          timeoutSeconds: 10,
          failureThreshold: 10,
        },
        volumeMounts: [
          { name: 'cert', mountPath: '/etc/webhook/certs', readOnly: true },
          { name: 'identities', mountPath: FOLDER, readOnly: true },
        ],
      },
    ],
    volumes: [
      { name: 'cert', secret: { secretName: CERTIFICATES } },
      {
        name: 'identities',
        // Kubelets renew a volume when the pod changes, or up to a minute later: hence the annotation. Renewal replaces a
        // symbolic link, which the webhook's file watch misses. It sees only the change of owner before it, and so reads the
        // previous list until the next renewal.
        projected: {
          sources: [
            { configMap: { name: IDENTITIES.configMap } },
            {
              downwardAPI: {
                items: [
                  { path: 'delivery', fieldRef: { fieldPath: `metadata.annotations['${DELIVERY_ANNOTATION}']` } },
                ],
              },
            },
          ],
        },
      },
    ],
  };
}

/** Returns the webhook registration of EKS, which fails open. It names a service instead of a URL. */
export function webhookConfiguration(run: string, authority: string): KubernetesObject {
  return webhookRegistration(
    {
      service: { name: WEBHOOK, namespace: NAMESPACE, path: '/mutate', port: 443 },
      caBundle: Buffer.from(authority).toString('base64'),
    },
    { ...WEBHOOK_LABELS, [RUN_LABEL]: run },
  );
}
