import { CreateAccessEntryCommand, CreatePodIdentityAssociationCommand } from '@aws-sdk/client-eks';
import {
  AttachRolePolicyCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { setMaxListeners } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { parseEndpoints } from '../../aws/endpoints.ts';
import { clusterRole, type CollectOptions } from '../../doctor/collect/index.ts';
import { connect, type Connection } from '../../foundation/protocols/kubernetes-connection.ts';
import { registerCluster } from '../../harness/engine/emulator-clusters.ts';
import { UNLIMITED } from './collecting.ts';
import { rehearsalCloud, type RehearsalCloud } from '../../scripts/cloud/cloud.ts';

/** The value of a secret variable of a pod. */
export const SECRET_VALUE = 'hunter2-hunter2';

/** A request to the API server, as in `list pods`. */
type KubernetesCall = `${string} ${string}`;

/** A cluster `blue` with an object of each kind that the collector reads, and an account that only reads. */
export interface CollectedCluster {
  readonly cloud: RehearsalCloud;
  readonly kubernetes: Connection;
  /** Calls of the user of `token`. */
  readonly kubernetesCalls: readonly KubernetesCall[];
  /** Token of the role that collects. It has the rights of `setRules` and `cloud.setPolicy`. */
  readonly token: string;
  setRules(rules: readonly object[]): Promise<void>;
  readonly folder: string;
  readonly options: CollectOptions;
  /** Writes a kubeconfig with contexts by name, and returns its path. */
  kubeconfig(contexts: Readonly<Record<string, ContextParts>>): string;
  close(): Promise<void>;
}

interface ContextParts {
  readonly user?: object;
  readonly server?: string;
  /** The name in the server's certificate, which is not checked. */
  readonly tlsServerName?: string;
}

const DOCTORS = 'doctors';
const RBAC = '/apis/rbac.authorization.k8s.io/v1';

const policy = (...statements: readonly object[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements.map((one) => ({ Effect: 'Allow', ...one })) });

const PODS = { Service: 'pods.eks.amazonaws.com' };
export const ROLES = 'arn:aws:iam::111122223333:role';

export const credentialsIn = (environment: Readonly<Record<string, string>>) => ({
  accessKeyId: environment['AWS_ACCESS_KEY_ID'] ?? '',
  secretAccessKey: environment['AWS_SECRET_ACCESS_KEY'] ?? '',
  sessionToken: environment['AWS_SESSION_TOKEN'] ?? '',
});

export async function collectedCluster(): Promise<CollectedCluster> {
  const kubernetesCalls: KubernetesCall[] = [];
  const cloud = await rehearsalCloud({
    clusters: {
      audit: (username, asked) => {
        if (username.includes(':assumed-role/nightly/'))
          kubernetesCalls.push(`${asked.verb} ${'path' in asked ? asked.path : asked.resource}`);
      },
    },
  });
  const folder = mkdtempSync(join(tmpdir(), 'collect-'));
  const { iam, eks } = cloud.aws.clients('main');
  const { kubeConfig } = await registerCluster(cloud.aws, 'blue', { tags: { team: 'blue' }, addon: {} });
  const kubernetes = connect(kubeConfig);
  const { server = '', caData = '' } = kubeConfig.getCurrentCluster() ?? {};

  const trust = policy({ Principal: PODS, Action: ['sts:AssumeRole', 'sts:TagSession'] });
  const boundary = await iam.send(
    new CreatePolicyCommand({ PolicyName: 'edge', PolicyDocument: policy({ Action: '*', Resource: '*' }) }),
  );
  await iam.send(
    new CreateRoleCommand({
      RoleName: 'ledger',
      AssumeRolePolicyDocument: trust,
      PermissionsBoundary: boundary.Policy?.Arn,
      Tags: [{ Key: 'team', Value: 'blue' }],
    }),
  );
  const inline = { RoleName: 'ledger', PolicyName: 'chain' };
  const chain = policy({ Action: ['sts:AssumeRole', 'sts:TagSession'], Resource: `${ROLES}/target` });
  await iam.send(new PutRolePolicyCommand({ ...inline, PolicyDocument: chain }));
  const managed = 'arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy';
  await iam.send(new AttachRolePolicyCommand({ RoleName: 'ledger', PolicyArn: managed }));
  const account = policy({ Principal: { AWS: `${ROLES}/ledger` }, Action: ['sts:AssumeRole', 'sts:TagSession'] });
  for (const RoleName of ['target', 'reports'])
    await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: account }));

  const create = (path: string, object: object) => kubernetes.json('POST', path, object);
  await create('/api/v1/namespaces', { metadata: { name: 'payments' } });
  const accounts = '/api/v1/namespaces/payments/serviceaccounts';
  await create(accounts, { metadata: { name: 'ledger' } });
  for (const [name, role] of [
    ['reports', 'arn:aws:iam::111122223333:role/reports'],
    ['gone', 'arn:aws:iam::111122223333:role/gone'],
    ['elsewhere', 'arn:aws:iam::444455556666:role/app'],
    ['malformed', 'reports'],
  ])
    await create(accounts, {
      metadata: { name, annotations: { 'eks.amazonaws.com/role-arn': role, note: 'not collected' } },
    });
  await eks.send(
    new CreatePodIdentityAssociationCommand({
      clusterName: 'blue',
      namespace: 'payments',
      serviceAccount: 'ledger',
      roleArn: `${ROLES}/ledger`,
      targetRoleArn: `${ROLES}/target`,
    }),
  );
  await create('/api/v1/namespaces/payments/pods', {
    metadata: { name: 'ledger', labels: { app: 'ledger' } },
    spec: {
      serviceAccountName: 'ledger',
      containers: [
        {
          name: 'app',
          image: 'ledger:1',
          env: [
            { name: 'PASSWORD', value: SECRET_VALUE },
            { name: 'AWS_REGION', value: 'us-west-2' },
            { name: 'FROM_SECRET', valueFrom: { secretKeyRef: { name: 'ledger', key: 'password' } } },
          ],
          envFrom: [{ secretRef: { name: 'ledger' } }, { configMapRef: { name: 'settings' } }],
        },
      ],
    },
  });
  await eks.send(
    new CreateAccessEntryCommand({
      clusterName: 'blue',
      principalArn: cloud.jobRoleArn,
      kubernetesGroups: [DOCTORS],
    }),
  );
  await create(`${RBAC}/clusterroles`, { metadata: { name: 'doctor' }, rules: clusterRole().rules });
  await create(`${RBAC}/clusterrolebindings`, {
    metadata: { name: 'doctor' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'doctor' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: DOCTORS }],
  });
  const credentials = async () => credentialsIn(cloud.environment);
  const signal = new AbortController().signal;
  setMaxListeners(0, signal);
  let files = 0;
  const kubeconfig: CollectedCluster['kubeconfig'] = (contexts) => {
    const names = Object.entries(contexts);
    const file = join(folder, `kubeconfig-${(files += 1)}`);
    const text = stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: names.map(([name, parts]) => ({
        name,
        cluster: {
          server: parts.server ?? server,
          ...(parts.tlsServerName === undefined
            ? { 'certificate-authority-data': caData }
            : { 'tls-server-name': parts.tlsServerName, 'insecure-skip-tls-verify': true }),
        },
      })),
      users: names.map(([name, { user = {} }]) => ({ name, user })),
      contexts: names.map(([name]) => ({ name, context: { cluster: name, user: name } })),
      'current-context': names[0]?.[0],
    });
    writeFileSync(file, text);
    return file;
  };
  return {
    cloud,
    kubernetes,
    kubernetesCalls,
    token: await cloud.aws.clusterToken('blue', await credentials()),
    setRules: (rules) => kubernetes.json('PATCH', `${RBAC}/clusterroles/doctor`, { rules }),
    folder,
    kubeconfig,
    options: {
      endpoints: parseEndpoints([cloud.emulator.endpoint], 'account'),
      region: cloud.emulator.region,
      credentials,
      signal,
      environment: {},
      limiters: UNLIMITED,
    },
    close: async () => {
      kubernetes.close();
      await cloud.close();
      rmSync(folder, { recursive: true });
    },
  };
}
