import type { V1ConfigMap, V1Container, V1Job, V1Pod, V1PodSpec } from '@kubernetes/client-node';
import type { ClusterFacts } from '../facts/cluster-facts.ts';
import { identityWebhooks } from '../facts/webhooks.ts';
import { HARMLESS_VARIABLES, type NetworkPolicy } from '../snapshot/kubernetes.ts';

/** The mirror of Docker's official images that Amazon ECR Public has. */
export const NODE_IMAGE = 'public.ecr.aws/docker/library/node:22-slim';
/** Seconds in which the pod must start and end: Fargate needs about a minute, and the image may have to be pulled. */
export const DEADLINE = 180;
/** Seconds after its end in which Kubernetes deletes a Job that `doctor` could not delete. */
export const KEPT = 60;

const FOLDER = '/preflight';
const FILE = 'preflight.cjs';
/** The user of `examples/preflight/Dockerfile`. */
const NOBODY = 65_532;
/** The webhook sets these, or leaves them to the container if it has them. */
const INJECTED =
  /^AWS_(CONTAINER_(CREDENTIALS_FULL_URI|AUTHORIZATION_TOKEN_FILE)|ROLE_ARN|WEB_IDENTITY_TOKEN_FILE|STS_REGIONAL_ENDPOINTS)$/;
const ENDPOINTS = /^AWS_ENDPOINT_URL(_STS)?$/;

/** Returns the variables that AWS SDKs read, without literal values that may be secret. */
function variablesOf({ env = [] }: V1Container): NonNullable<V1Container['env']> {
  const isCopied = ({ name, value }: { name: string; value?: string }): boolean =>
    name.startsWith('AWS_') &&
    !INJECTED.test(name) &&
    (value === undefined || HARMLESS_VARIABLES.has(name) || ENDPOINTS.test(name));
  return [...env.filter(isCopied), ...['NODE_OPTIONS', 'NODE_PATH'].map((name) => ({ name, value: '' }))];
}

const keysOf = ({ matchLabels = {}, matchExpressions = [] }: Partial<NetworkPolicy['podSelector']> = {}): string[] => [
  ...Object.keys(matchLabels),
  ...matchExpressions.map(({ key }) => key),
];

/** Returns the labels by which webhooks and network policies select the pod. */
function labelsOf({ metadata: { namespace, labels = {} } = {} }: V1Pod, facts: ClusterFacts): Record<string, string> {
  const { networkPolicies = [] } = facts.snapshot.kubernetes;
  const namespacePolicies = networkPolicies.filter(({ metadata }) => metadata.namespace === namespace);
  const keys = new Set([
    ...identityWebhooks(facts).flatMap(({ objectSelector }) => keysOf(objectSelector)),
    ...namespacePolicies.flatMap(({ podSelector }) => keysOf(podSelector)),
  ]);
  return Object.fromEntries(Object.entries(labels).filter(([key]) => keys.has(key)));
}

/** Places the Job on the pod's node, because agents and metadata options differ. Each Fargate pod has its own node. */
function placeOf({ spec }: V1Pod, facts: ClusterFacts): Partial<V1PodSpec> {
  const { nodeName, nodeSelector = {}, tolerations = [] } = spec!;
  const node = facts.node(nodeName);
  if (node === undefined || facts.computeOf(node) === 'fargate') return { nodeSelector, tolerations };
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: [node.metadata.name] }];
  const required = { nodeSelectorTerms: [{ matchFields }] };
  return { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } }, tolerations };
}

/** Returns a Job that runs preflight like the pod's first container, under the restricted Pod Security Standard. */
export function jobOf(pod: V1Pod, facts: ClusterFacts, name: string, image: string): V1Job {
  const { containers, securityContext, serviceAccountName, imagePullSecrets } = pod.spec!;
  const main = containers[0]!;
  const user = main.securityContext?.runAsUser ?? securityContext?.runAsUser;
  const { fsGroup } = securityContext ?? {};
  const annotations = Object.entries(pod.metadata?.annotations ?? {});
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace: pod.metadata!.namespace! },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: DEADLINE,
      ttlSecondsAfterFinished: KEPT,
      template: {
        metadata: {
          labels: labelsOf(pod, facts),
          annotations: Object.fromEntries(annotations.filter(([key]) => key.startsWith('eks.amazonaws.com/'))),
        },
        spec: {
          serviceAccountName: serviceAccountName!,
          automountServiceAccountToken: false,
          restartPolicy: 'Never',
          ...(imagePullSecrets && { imagePullSecrets }),
          ...placeOf(pod, facts),
          // The condition is never met, so Services that select the labels send no traffic.
          readinessGates: [{ conditionType: 'eks-pod-identity-conformance/ready' }],
          securityContext: {
            runAsNonRoot: true,
            runAsUser: user || NOBODY,
            ...(fsGroup !== undefined && { fsGroup }),
            seccompProfile: { type: 'RuntimeDefault' },
          },
          containers: [
            {
              // An annotation may exclude containers from injection by name.
              name: main.name,
              image,
              command: ['node', `${FOLDER}/${FILE}`, '--format', 'json', '--timeout', '30'],
              env: variablesOf(main),
              ...(main.envFrom && { envFrom: main.envFrom }),
              resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { cpu: '1', memory: '256Mi' } },
              securityContext: {
                allowPrivilegeEscalation: false,
                capabilities: { drop: ['ALL'] },
                readOnlyRootFilesystem: true,
              },
              volumeMounts: [{ name: 'preflight', mountPath: FOLDER, readOnly: true }],
            },
          ],
          volumes: [{ name: 'preflight', configMap: { name } }],
        },
      },
    },
  };
}

/** Returns the ConfigMap with the program. The garbage collector deletes it with the Job. */
export const programOf = ({ metadata }: V1Job, program: string): V1ConfigMap => {
  const { name = '', namespace = '', uid = '' } = metadata ?? {};
  const ownerReferences = [{ apiVersion: 'batch/v1', kind: 'Job', name, uid }];
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace, ownerReferences },
    data: { [FILE]: program },
  };
};

/** Returns the Role of `--inside`, next to the ClusterRole of the collector. */
export const insideRole = (namespace: string) => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'Role',
  metadata: { name: 'eks-pod-identity-conformance-doctor-inside', namespace },
  rules: [
    { apiGroups: ['batch'], resources: ['jobs'], verbs: ['create', 'delete'] },
    { apiGroups: [''], resources: ['configmaps'], verbs: ['create'] },
    { apiGroups: [''], resources: ['pods'], verbs: ['get'] },
    { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
  ],
});
