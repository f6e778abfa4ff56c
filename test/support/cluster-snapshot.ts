import type { AwsObjects, Role } from '../../doctor/snapshot/aws.ts';
import type { Container, KubernetesObjects, Pod } from '../../doctor/snapshot/kubernetes.ts';
import type { ClusterSnapshot } from '../../doctor/snapshot/snapshot.ts';

type Mutable<T> = T extends string | number | boolean | null | undefined
  ? T
  : { -readonly [K in keyof T]: Mutable<T[K]> };
/** A snapshot that tests change. */
export type Draft = Mutable<Omit<ClusterSnapshot, 'kubernetes' | 'aws'>> & {
  kubernetes: Mutable<Required<KubernetesObjects>>;
  aws: Mutable<
    Required<Omit<AwsObjects, 'buckets' | 'organization'>> & Pick<AwsObjects, 'buckets' | 'organization'>
  > & {
    cluster: Mutable<Required<NonNullable<AwsObjects['cluster']>>>;
  };
};
export type DraftPod = Mutable<Pod>;

export const ACCOUNT = '111122223333';
export const ISSUER = 'oidc.eks.us-west-2.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF';
export const CLUSTER_ARN = `arn:aws:eks:us-west-2:${ACCOUNT}:cluster/prod`;
export const roleArn = (name: string, account = ACCOUNT): string => `arn:aws:iam::${account}:role/${name}`;
export const PROVIDER = `arn:aws:iam::${ACCOUNT}:oidc-provider/${ISSUER}`;

const POD_IDENTITY_ENV = [
  { name: 'AWS_REGION', value: 'us-west-2' },
  { name: 'AWS_CONTAINER_CREDENTIALS_FULL_URI', value: 'http://169.254.170.23/v1/credentials' },
  {
    name: 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
    value: '/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token',
  },
];
const POD_IDENTITY_MOUNT = {
  name: 'eks-pod-identity-token',
  mountPath: '/var/run/secrets/pods.eks.amazonaws.com/serviceaccount',
};
export const webIdentityEnv = (role: string) => [
  { name: 'AWS_ROLE_ARN', value: role },
  { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: '/var/run/secrets/eks.amazonaws.com/serviceaccount/token' },
];

const WEB_IDENTITY_MOUNT = { name: 'aws-iam-token', mountPath: '/var/run/secrets/eks.amazonaws.com/serviceaccount' };

interface PodOptions {
  readonly namespace: string;
  readonly serviceAccount?: string;
  readonly node?: string;
  /** The name of the Deployment, or of the DaemonSet. */
  readonly owner?: string;
  readonly ownerKind?: 'Deployment' | 'DaemonSet' | 'Job' | 'StatefulSet';
  readonly created?: string;
  /** `pod-identity`, or the ARN of a web identity's role. */
  readonly inject?: string;
}

/** Returns a running pod with one container, as the webhook leaves it. */
export function pod(name: string, options: PodOptions): DraftPod {
  const { namespace, serviceAccount = 'default', node = 'node-a', owner, ownerKind = 'Deployment' } = options;
  const { created = '2026-11-02T00:00:00Z', inject } = options;
  const container: Mutable<Container> = {
    name: 'app',
    image: 'registry.example/app:1.0.0',
    env: inject === undefined ? [] : inject === 'pod-identity' ? POD_IDENTITY_ENV : webIdentityEnv(inject),
    volumeMounts: inject === undefined ? [] : [inject === 'pod-identity' ? POD_IDENTITY_MOUNT : WEB_IDENTITY_MOUNT],
  };
  const isDeployment = ownerKind === 'Deployment';
  const volume =
    inject === 'pod-identity'
      ? { volume: 'eks-pod-identity-token', audience: 'pods.eks.amazonaws.com' }
      : { volume: 'aws-iam-token', audience: 'sts.amazonaws.com' };
  return structuredClone({
    metadata: {
      name,
      namespace,
      uid: `uid-${name}`,
      creationTimestamp: created,
      labels: { app: owner ?? name, ...(owner !== undefined && isDeployment && { 'pod-template-hash': '7d9c' }) },
      ...(owner !== undefined && {
        owner: { kind: isDeployment ? 'ReplicaSet' : ownerKind, name: isDeployment ? `${owner}-7d9c` : owner },
      }),
    },
    serviceAccountName: serviceAccount,
    nodeName: node,
    hostNetwork: false,
    containers: [container],
    initContainers: [],
    tokenVolumes: inject === undefined ? [] : [volume],
    phase: 'Running',
    ready: true,
  });
}

export const trust = (...statements: readonly object[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements.map((one) => ({ Effect: 'Allow', ...one })) });

export const podIdentityStatement = (conditions?: object, actions = ['sts:AssumeRole', 'sts:TagSession']) => ({
  Principal: { Service: 'pods.eks.amazonaws.com' },
  Action: actions,
  ...(conditions && { Condition: conditions }),
});

export const webIdentityStatement = (sub: string, issuer = ISSUER, operator = 'StringEquals') => ({
  Principal: { Federated: `arn:aws:iam::${ACCOUNT}:oidc-provider/${issuer}` },
  Action: 'sts:AssumeRoleWithWebIdentity',
  Condition: { [operator]: { [`${issuer}:sub`]: sub, [`${issuer}:aud`]: 'sts.amazonaws.com' } },
});

export const role = (
  name: string,
  trustPolicy: string,
  policies?: Readonly<Record<string, string>>,
): Mutable<Role> => ({
  arn: roleArn(name),
  name,
  tags: {},
  trustPolicy,
  ...(policies && { policies: { ...policies } }),
});

export const allowing = (action: string | readonly string[], resource = '*'): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: { Effect: 'Allow', Action: action, Resource: resource } });

export const association = (namespace: string, serviceAccount: string, arn: string) => ({
  associationId: `a-${serviceAccount}`,
  namespace,
  serviceAccount,
  roleArn: arn,
  disableSessionTags: false,
  createdAt: '2026-11-01T00:00:00Z',
});

export const serviceAccount = (namespace: string, name: string, annotations?: Record<string, string>) => ({
  metadata: { namespace, name, ...(annotations && { annotations }) },
});

export const node = (name: string, labels: Record<string, string> = { 'eks.amazonaws.com/nodegroup': 'blue' }) => ({
  metadata: { name, labels: { 'kubernetes.io/os': 'linux', ...labels } },
  providerID: `aws:///us-west-2a/i-${name}`,
  taints: [] as { key: string; value?: string; effect: string }[],
  ready: true,
  operatingSystem: 'linux',
});

const INSTANCE_PROFILE = `arn:aws:iam::${ACCOUNT}:instance-profile/node`;
const AGENT = 'eks-pod-identity-agent';

/** Kubernetes' part of the agent's chart: everything is tolerated, other kinds of nodes are excluded. */
export const agentSet = (name = AGENT) => ({
  metadata: { name, namespace: 'kube-system', labels: { 'app.kubernetes.io/name': AGENT } },
  images: [`602401143452.dkr.ecr.us-west-2.amazonaws.com/eks/${AGENT}:v0.1.37`],
  tolerations: [{ operator: 'Exists' }] as { key?: string; operator?: string }[],
  nodeAffinity: [
    {
      matchExpressions: [
        { key: 'kubernetes.io/os', operator: 'In', values: ['linux'] },
        { key: 'eks.amazonaws.com/compute-type', operator: 'NotIn', values: ['fargate', 'hybrid', 'auto'] },
      ],
    },
  ],
});

export const agentPod = (on: string): DraftPod =>
  pod(`agent-${on}`, { namespace: 'kube-system', node: on, owner: AGENT, ownerKind: 'DaemonSet' });

/**
 * Returns a healthy cluster: `payments/ledger` has an association, `web/shop` an annotation, `web/static` neither. The
 * certificate is PEM, the certificate authority of the cluster and its webhook.
 */
export function healthySnapshot(certificate: string): Draft {
  const ca = Buffer.from(certificate).toString('base64');
  return {
    context: 'prod',
    server: 'https://eks.example',
    takenAt: '2026-11-30T12:00:00Z',
    gaps: [],
    kubernetes: {
      version: 'v1.34.1',
      issuer: `https://${ISSUER}`,
      namespaces: ['default', 'kube-system', 'payments', 'web'].map((name) => ({
        metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
      })),
      pods: [
        ...['node-a', 'node-b'].map((name) => {
          const agent = agentPod(name);
          return { ...agent, hostNetwork: true };
        }),
        ...['ledger-1', 'ledger-2'].map((name) =>
          pod(name, { namespace: 'payments', serviceAccount: 'ledger', owner: 'ledger', inject: 'pod-identity' }),
        ),
        pod('shop-1', { namespace: 'web', serviceAccount: 'shop', owner: 'shop', inject: roleArn('shop') }),
        pod('static-1', { namespace: 'web', owner: 'static', node: 'node-b' }),
      ],
      serviceAccounts: [
        ...['default', 'kube-system', 'payments', 'web'].map((namespace) => serviceAccount(namespace, 'default')),
        serviceAccount('payments', 'ledger'),
        serviceAccount('web', 'shop', { 'eks.amazonaws.com/role-arn': roleArn('shop') }),
      ],
      nodes: [node('node-a'), node('node-b')],
      daemonSets: [agentSet()],
      refusedPods: [],
      mutatingWebhooks: [
        {
          configuration: 'pod-identity-webhook',
          name: 'iam-for-pods.amazonaws.com',
          url: 'https://127.0.0.1:23443/mutate',
          caBundle: ca,
          namespaceSelector: {},
          objectSelector: {
            matchExpressions: [{ key: 'eks.amazonaws.com/skip-pod-identity-webhook', operator: 'DoesNotExist' }],
          },
          createsPods: true,
        },
      ],
      networkPolicies: [],
    },
    aws: {
      region: 'us-west-2',
      accountId: ACCOUNT,
      cluster: {
        name: 'prod',
        arn: CLUSTER_ARN,
        certificateAuthority: ca,
        issuer: `https://${ISSUER}`,
        autoMode: false,
      },
      resources: {},
      addons: [{ name: AGENT, status: 'ACTIVE', issues: [] }],
      associations: [association('payments', 'ledger', roleArn('ledger'))],
      roles: {
        [roleArn('ledger')]: role(
          'ledger',
          trust(
            podIdentityStatement({
              StringEquals: {
                'aws:SourceArn': CLUSTER_ARN,
                'aws:RequestTag/kubernetes-namespace': 'payments',
                'aws:RequestTag/kubernetes-service-account': 'ledger',
              },
            }),
          ),
        ),
        [roleArn('shop')]: role('shop', trust(webIdentityStatement('system:serviceaccount:web:shop'))),
        [roleArn('node')]: role(
          'node',
          trust({ Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }),
          { workers: allowing('eks-auth:AssumeRoleForPodIdentity') },
        ),
      },
      oidcProviders: [{ arn: PROVIDER, url: ISSUER, clientIds: ['sts.amazonaws.com'] }],
      instances: ['node-a', 'node-b'].map((name) => ({
        instanceId: `i-${name}`,
        httpTokens: 'required',
        httpEndpoint: 'enabled',
        hopLimit: 1,
        instanceProfileArn: INSTANCE_PROFILE,
      })),
      instanceProfiles: { [INSTANCE_PROFILE]: roleArn('node') },
      organization: { state: 'none', reason: 'the account is in no organization' },
      vpcEndpoints: [
        {
          id: 'vpce-1',
          serviceName: 'com.amazonaws.us-west-2.sts',
          state: 'available',
        },
      ],
    },
  };
}
