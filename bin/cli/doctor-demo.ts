import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreatePodIdentityAssociationCommand } from '@aws-sdk/client-eks';
import { CreateRoleCommand } from '@aws-sdk/client-iam';
import { EMBEDDED } from '../../clusters/embedded/cluster-type.ts';
import type { CollectOptions } from '../../doctor/collect/index.ts';
import { startEmulator } from '../../emulator/index.ts';
import { connect, type Connection } from '../../foundation/protocols/kubernetes-connection.ts';
import { kubeconfigText } from '../../foundation/protocols/kubeconfig.ts';
import { emulatedAws } from '../../harness/aws-target/emulated.ts';
import type { AwsTarget } from '../../harness/aws-target/target.ts';
import { makeClusters, registerCluster } from '../../harness/engine/emulator-clusters.ts';

const CLUSTER = 'demo';
const NAMESPACE = 'payments';
const PODS = 'pods.eks.amazonaws.com';

type Statement = Readonly<Record<string, unknown>>;

/** Makes an embedded cluster in which much is wrong, and calls `use` with the options that read it. */
export async function withDemo<Result>(
  signal: AbortSignal,
  use: (options: CollectOptions) => Promise<Result>,
): Promise<Result> {
  const progress = (): void => undefined;
  const clusters = await makeClusters({ type: EMBEDDED, flags: [], progress, signal });
  const emulator = await startEmulator({ clusterProvider: clusters.provider });
  const folder = mkdtempSync(join(tmpdir(), 'doctor-'));
  try {
    const aws = emulatedAws(emulator);
    const { kubeConfig, issuer } = await registerCluster(aws, CLUSTER, {
      tags: { purpose: CLUSTER },
      addon: {},
      signal,
    });
    const kubernetes = connect(kubeConfig);
    try {
      await breakCluster(aws, kubernetes, issuer);
    } finally {
      kubernetes.close();
    }
    const { server = '', caData = '' } = kubeConfig.getCurrentCluster() ?? {};
    const kubeconfig = join(folder, 'config');
    const authority = Buffer.from(caData, 'base64').toString();
    const text = kubeconfigText(CLUSTER, server, authority, await aws.clusterToken(CLUSTER));
    writeFileSync(kubeconfig, text, { mode: 0o600 });
    const { endpoint, region } = emulator;
    const { accessKeyId, secretAccessKey } = emulator.administrator;
    const endpoints = { eks: endpoint, iam: endpoint, sts: endpoint, s3: endpoint };
    const credentials = async () => ({ accessKeyId, secretAccessKey });
    return await use({ kubeconfig, clusterName: CLUSTER, endpoints, region, credentials, signal, environment: {} });
  } finally {
    rmSync(folder, { recursive: true });
    await emulator.close();
    await clusters.close();
  }
}

async function breakCluster(aws: AwsTarget, kubernetes: Connection, issuer: string): Promise<void> {
  const { eks, iam } = aws.clients('main');
  const path = `/api/v1/namespaces/${NAMESPACE}`;
  const role = async (name: string, ...statements: readonly Statement[]): Promise<string> => {
    const Statement = statements.map((statement) => ({ Effect: 'Allow', ...statement }));
    const document = JSON.stringify({ Version: '2012-10-17', Statement });
    const { Role } = await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: document }));
    return Role?.Arn ?? '';
  };
  const forPods = (...actions: readonly string[]): Statement => ({ Principal: { Service: PODS }, Action: actions });
  const both = forPods('sts:AssumeRole', 'sts:TagSession');
  const associate = (serviceAccount: string, roleArn: string) =>
    eks.send(
      new CreatePodIdentityAssociationCommand({ clusterName: CLUSTER, namespace: NAMESPACE, serviceAccount, roleArn }),
    );
  const account = (name: string, roleArn?: string) =>
    kubernetes.json('POST', `${path}/serviceaccounts`, {
      metadata: { name, annotations: roleArn === undefined ? {} : { 'eks.amazonaws.com/role-arn': roleArn } },
    });
  // The image cannot be pulled, so that no program runs.
  const pod = (serviceAccountName: string, env: readonly object[] = []) =>
    kubernetes.json('POST', `${path}/pods`, {
      metadata: { name: `${serviceAccountName}-7d9c`, labels: { app: serviceAccountName } },
      spec: { serviceAccountName, containers: [{ name: 'app', image: `demo/${serviceAccountName}`, env }] },
    });
  const variable = (name: string) => ({ name, value: 'demo' });

  await kubernetes.json('POST', '/api/v1/namespaces', { metadata: { name: NAMESPACE } });
  const oidc = `arn:aws:iam::${aws.accountId('main')}:oidc-provider/${issuer}`;
  const foreign = {
    Principal: { Federated: oidc },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: { StringEquals: { [`${issuer}:sub`]: `system:serviceaccount:${NAMESPACE}:reprots` } },
  };
  await Promise.all([
    ...['batch', 'ledger', 'audit', 'cards', 'mail'].map((name) => account(name)),
    role('reports', foreign).then((arn) => account('reports', arn)),
    account('export', ''),
  ]);
  await pod('batch');
  await associate('batch', await role('batch', both));
  await pod('ledger');
  await associate('ledgr', await role('ledgr', both));
  await associate(
    'audit',
    await role('audit', forPods('sts:AssumeRole'), {
      ...foreign,
      Principal: { AWS: '*' },
      Action: 'sts:AssumeRole',
      Condition: {},
    }),
  );
  await associate('cards', await role('cards', both));
  await associate(
    'mail',
    await role('mail', { ...both, Condition: { StringEquals: { 'aws:RequestTag/kubernetes-namespace': 'mail' } } }),
  );
  await pod('audit');
  await pod('cards', [variable('AWS_ACCESS_KEY_ID'), variable('AWS_SECRET_ACCESS_KEY')]);
  await pod('mail', [variable('HTTP_PROXY')]);
  await pod('reports');
  await pod('export');
  await kubernetes.json('POST', `/apis/networking.k8s.io/v1/namespaces/${NAMESPACE}/networkpolicies`, {
    metadata: { name: 'no-egress' },
    spec: { podSelector: { matchLabels: { app: 'cards' } }, policyTypes: ['Egress'] },
  });
}
