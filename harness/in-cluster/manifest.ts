import { SERVICE_ACCOUNT_FOLDER } from '../../clusters/common/service-account.ts';
import type { KubernetesObject } from '../../clusters/in-cluster/objects.ts';
import { DELIVERY_OBJECTS } from '../../clusters/in-cluster/index.ts';
import { EXPIRES_ANNOTATION, RUN_LABEL } from '../../foundation/protocols/labels.ts';
import rules from './rbac.json' with { type: 'json' };

/** Namespace and service account of the runner, for a trust policy or an association of its role. */
export const NAMESPACE = 'eks-pod-identity-conformance';
const RUNNER = 'runner';
export const EMULATOR = 'emulator';
export const RUNNER_LABELS = { 'app.kubernetes.io/name': NAMESPACE, 'app.kubernetes.io/component': RUNNER };
export const EMULATOR_PORT = 4566;
const METADATA_PORT = 4567;
/** The emulator's URL by its Service's address, which nodes reach too (Kubernetes, "Service"). */
const EMULATOR_URL = `http://$(EMULATOR_SERVICE_HOST):${EMULATOR_PORT}`;
/** Seconds for a stopped runner, for example on a drained node, to remove its resources. */
const GRACE_SECONDS = 120;
/** Seconds until pods leave a node that does not answer. */
const LOST_NODE_SECONDS = 60;
/** Name of the Secret with the administrator's key. */
export const KEYS = 'aws';
const WORLD = 'world';
const REPORTS = '/reports';
const RBAC = 'rbac.authorization.k8s.io';

export interface RunnerSpec {
  readonly run: string;
  /** Undefined: it stays until it is removed. */
  readonly expiresAt?: Date;
  readonly clusterName: string;
  readonly image: string;
  readonly workloadImage: string;
  readonly flags: readonly string[];
  /** ARN of the service account's role, by IRSA. */
  readonly roleArn?: string;
  /** PersistentVolumeClaim in the namespace for the report folder. Default: the folder is deleted with the pod. */
  readonly claim?: string;
  /** The emulator next to the runner: its administrator's key, and flags for its agent. */
  readonly emulator?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly region: string;
    readonly flags: readonly string[];
    /** JSON of resources to create. With them, the emulator installs the agent and logs its calls. */
    readonly world?: string;
  };
}

/** Kubernetes API, PolicyRule. */
interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** The emulator maintains the webhook's list and installs the add-on, like EKS's control plane. */
const EMULATOR_RULES: Readonly<Record<'cluster' | 'kube-system', readonly Rule[]>> = {
  cluster: [{ apiGroups: ['apps'], resources: ['daemonsets'], verbs: ['list'] }],
  'kube-system': [
    { apiGroups: ['apps'], resources: ['daemonsets'], verbs: ['create', 'delete', 'get', 'patch'] },
    { apiGroups: [''], resources: ['pods'], verbs: ['list', 'patch'] },
    { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
    { apiGroups: [''], resources: ['configmaps'], resourceNames: [DELIVERY_OBJECTS.configMap], verbs: ['patch'] },
    { apiGroups: [''], resources: ['services/proxy'], resourceNames: [DELIVERY_OBJECTS.service], verbs: ['create'] },
  ],
};

/** Returns the namespace, which owns all other objects. */
export const namespaceOf = ({ run, expiresAt }: Pick<RunnerSpec, 'run' | 'expiresAt'>): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: {
    name: NAMESPACE,
    labels: { [RUN_LABEL]: run },
    ...(expiresAt && { annotations: { [EXPIRES_ANNOTATION]: expiresAt.toISOString() } }),
  },
});

/**
 * Returns the objects of the namespace and the roles of its service accounts, in the order of creation. `owner`: uid of the
 * namespace, which owns the cluster-wide roles.
 */
export function runnerObjects(spec: RunnerSpec, owner?: string): readonly KubernetesObject[] {
  const { roleArn } = spec;
  const annotations = roleArn === undefined ? undefined : { 'eks.amazonaws.com/role-arn': roleArn };
  return [...accountObjects(spec, RUNNER, rules, owner, annotations), ...emulatorObjects(spec, owner), runnerJob(spec)];
}

/** Returns the objects of the emulator and the roles of its service account, in the order of creation. */
export function emulatorObjects(spec: Omit<RunnerSpec, 'workloadImage'>, owner?: string): readonly KubernetesObject[] {
  const { emulator } = spec;
  if (emulator === undefined) return [];
  return [...accountObjects(spec, EMULATOR, EMULATOR_RULES, owner), ...servedEmulator(spec, emulator)];
}

function accountObjects(
  { run }: Pick<RunnerSpec, 'run'>,
  name: string,
  { cluster, 'kube-system': inSystem }: Readonly<Record<'cluster' | 'kube-system', readonly Rule[]>>,
  owner: string | undefined,
  annotations?: Readonly<Record<string, string>>,
): KubernetesObject[] {
  const owned = {
    labels: { [RUN_LABEL]: run },
    ...(owner !== undefined && {
      ownerReferences: [{ apiVersion: 'v1', kind: 'Namespace', name: NAMESPACE, uid: owner }],
    }),
  };
  const subjects = [{ kind: 'ServiceAccount', name, namespace: NAMESPACE }];
  const role = { name: `${NAMESPACE}-${name}`, ...owned };
  const roleIn = { ...role, namespace: 'kube-system' };
  const refer = (kind: string) => ({ apiGroup: RBAC, kind, name: role.name });
  return [
    {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name, namespace: NAMESPACE, labels: owned.labels, ...(annotations && { annotations }) },
    },
    { apiVersion: `${RBAC}/v1`, kind: 'ClusterRole', metadata: role, rules: cluster },
    {
      apiVersion: `${RBAC}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: role,
      roleRef: refer('ClusterRole'),
      subjects,
    },
    { apiVersion: `${RBAC}/v1`, kind: 'Role', metadata: roleIn, rules: inSystem },
    { apiVersion: `${RBAC}/v1`, kind: 'RoleBinding', metadata: roleIn, roleRef: refer('Role'), subjects },
  ];
}

function servedEmulator(
  { run, image, clusterName }: Omit<RunnerSpec, 'workloadImage'>,
  { accessKeyId, secretAccessKey, region, flags, world }: NonNullable<RunnerSpec['emulator']>,
): KubernetesObject[] {
  const labels = { ...RUNNER_LABELS, 'app.kubernetes.io/component': EMULATOR, [RUN_LABEL]: run };
  const metadata = { name: EMULATOR, namespace: NAMESPACE, labels };
  return [
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { ...metadata, name: KEYS },
      stringData: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_REGION: region },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      // The emulator must be reachable before it is ready.
      spec: {
        selector: labels,
        publishNotReadyAddresses: true,
        ports: [
          { name: 'aws', port: EMULATOR_PORT },
          { name: 'metadata', port: METADATA_PORT },
        ],
      },
    },
    ...(world === undefined
      ? []
      : [
          {
            ...{ apiVersion: 'v1', kind: 'Secret' as const, metadata: { ...metadata, name: WORLD } },
            stringData: { 'world.json': world },
          },
        ]),
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata,
      spec: podSpec(
        EMULATOR,
        {
          image,
          args: [
            ...['emulator', '--host', '0.0.0.0', '--port', String(EMULATOR_PORT), '--region', region],
            ...['--access-key-id', '$(AWS_ACCESS_KEY_ID)', '--secret-access-key', '$(AWS_SECRET_ACCESS_KEY)'],
            ...['--clusters', 'in-cluster', '--cluster-name', clusterName, '--owner', run],
            ...['--service-account-dir', SERVICE_ACCOUNT_FOLDER, '--reached-at', EMULATOR_URL, ...flags],
            ...['--metadata-port', String(METADATA_PORT)],
            ...(world === undefined ? [] : ['--world', `/${WORLD}/world.json`, '--log', '/dev/stdout']),
          ],
          envFrom: [{ secretRef: { name: KEYS } }],
          ...(world !== undefined && { volumeMounts: [{ name: WORLD, mountPath: `/${WORLD}` }] }),
        },
        world === undefined ? [] : [{ name: WORLD, secret: { secretName: WORLD } }],
      ),
    },
  ];
}

function runnerJob(spec: RunnerSpec): KubernetesObject {
  const { run, image, clusterName, workloadImage, flags, claim, emulator } = spec;
  const labels = { ...RUNNER_LABELS, [RUN_LABEL]: run };
  const runnerPod = podSpec(RUNNER, {
    image,
    args: [
      ...['run', '--cluster', 'eks', '--cluster-name', clusterName, '--service-account-dir', SERVICE_ACCOUNT_FOLDER],
      ...['--run-id', run, '--workload-image', workloadImage, '--report-dir', REPORTS, '--reporter', 'in-cluster'],
      ...(emulator === undefined ? [] : ['--aws-endpoint', EMULATOR_URL]),
      // Escapes "$(", which Kubernetes would expand as a variable.
      ...flags.map((flag) => flag.replaceAll('$(', '$$$$(')),
    ],
    ...(emulator !== undefined && { envFrom: [{ secretRef: { name: KEYS } }] }),
    volumeMounts: [{ name: 'reports', mountPath: REPORTS }],
  });
  const volume = claim === undefined ? { emptyDir: {} } : { persistentVolumeClaim: { claimName: claim } };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: RUNNER, namespace: NAMESPACE, labels },
    spec: {
      // A second runner would find leftovers of the first.
      backoffLimit: 0,
      template: {
        metadata: { labels, annotations: { 'karpenter.sh/do-not-disrupt': 'true' } },
        spec: {
          ...runnerPod,
          terminationGracePeriodSeconds: GRACE_SECONDS,
          volumes: [{ name: 'reports', ...volume }],
        },
      },
    },
  };
}

/** Returns the pod spec of a container without privileges on its node. */
const podSpec = (name: string, container: object, volumes: readonly object[] = []) => ({
  serviceAccountName: name,
  volumes,
  restartPolicy: 'Never',
  securityContext: { runAsNonRoot: true, fsGroup: 1000, seccompProfile: { type: 'RuntimeDefault' } },
  tolerations: ['not-ready', 'unreachable'].map((condition) => ({
    key: `node.kubernetes.io/${condition}`,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: LOST_NODE_SECONDS,
  })),
  containers: [
    {
      name,
      imagePullPolicy: 'IfNotPresent',
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      ...container,
    },
  ],
});
