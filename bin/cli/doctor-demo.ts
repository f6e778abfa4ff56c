import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreatePodIdentityAssociationCommand } from '@aws-sdk/client-eks';
import { EMBEDDED } from '../../clusters/embedded/cluster-type.ts';
import type { CollectOptions } from '../../doctor/collect/index.ts';
import { startEmulator } from '../../emulator/index.ts';
import { connect, type Connection } from '../../foundation/protocols/kubernetes-connection.ts';
import { kubeconfigText } from '../../foundation/protocols/kubeconfig.ts';
import { emulatedAws } from '../../harness/aws-target/emulated.ts';
import type { AwsTarget } from '../../harness/aws-target/target.ts';
import { makeClusters } from '../../harness/engine/emulator-clusters.ts';
import { prepareWorld } from '../../harness/standalone/prepare.ts';
import { resolveWorld } from '../../harness/standalone/read-world.ts';
import { POD_IDENTITY_STATEMENT } from '../../identity/trust.ts';

const CLUSTER = 'demo';
const NAMESPACE = 'payments';

const role = (name: string, statement: object) => ({ name, trust: { Version: '2012-10-17', Statement: [statement] } });

/** Roles trust EKS Pod Identity by default. `batch` gets its association after its pod. */
const WORLD = {
  cluster: CLUSTER,
  roles: [
    { name: 'reports', irsa: [`${NAMESPACE}/reprots`] },
    ...['batch', 'ledgr', 'cards'].map((name) => ({ name })),
    role('audit', {
      ...POD_IDENTITY_STATEMENT,
      Principal: { ...POD_IDENTITY_STATEMENT.Principal, AWS: '*' },
      Action: 'sts:AssumeRole',
    }),
    role('mail', {
      ...POD_IDENTITY_STATEMENT,
      Condition: { StringEquals: { 'aws:RequestTag/kubernetes-namespace': 'mail' } },
    }),
  ],
  associations: ['ledgr', 'audit', 'cards', 'mail'].map((name) => ({
    ...{ namespace: NAMESPACE, serviceAccount: name, role: name },
  })),
};

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
    const { cluster } = await prepareWorld(emulator, resolveWorld(WORLD, CLUSTER), { file: CLUSTER, signal });
    const { kubeConfig } = cluster!;
    const kubernetes = connect(kubeConfig);
    try {
      await breakCluster(aws, kubernetes);
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

async function breakCluster(aws: AwsTarget, kubernetes: Connection): Promise<void> {
  const path = `/api/v1/namespaces/${NAMESPACE}`;
  const roleArn = (name: string): string => `arn:aws:iam::${aws.accountId('main')}:role/${name}`;
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
  await Promise.all([
    ...['batch', 'ledger', 'audit', 'cards', 'mail'].map((name) => account(name)),
    account('reports', roleArn('reports')),
    account('export', ''),
  ]);
  await pod('batch');
  const association = { namespace: NAMESPACE, serviceAccount: 'batch', roleArn: roleArn('batch') };
  await aws.clients('main').eks.send(new CreatePodIdentityAssociationCommand({ clusterName: CLUSTER, ...association }));
  await pod('ledger');
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
