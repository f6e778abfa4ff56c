import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { registerCluster } from '../../harness/engine/emulator-clusters.ts';
import { connect } from '../../foundation/protocols/kubernetes-connection.ts';
import type { Audit } from '../../clusters/kubernetes/index.ts';
import type { RehearsalCloud } from '../cloud/cloud.ts';
import type { Rules, Scope } from './rbac.ts';

/** An existing cluster in which a runner is rehearsed. */
interface RunnerRehearsal {
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Grants the runner only these rights, or all if undefined. */
  bind(rules: Rules | undefined): Promise<void>;
  close(): void;
}

const NAMESPACE = 'runner';
const RUNNER = `system:serviceaccount:${NAMESPACE}:runner`;
const RBAC = 'rbac.authorization.k8s.io/v1';
const ROLES = `/apis/${RBAC}`;

/** Returns an audit function that records the runner's requests. */
export function auditOfRunner(): { readonly audit: Audit; readonly requests: Parameters<Audit>[1][] } {
  const requests: Parameters<Audit>[1][] = [];
  return { requests, audit: (username, attributes) => void (username === RUNNER && requests.push(attributes)) };
}

/** Prepares a cluster without agent, and the folder of the runner's service account. */
export async function prepareRunner(cloud: RehearsalCloud, folder: string): Promise<RunnerRehearsal> {
  const tags = { team: 'platform' };
  const cluster = await registerCluster(cloud.aws, 'existing', { tags, adminPrincipalArn: cloud.jobRoleArn });
  const connection = connect(cluster.kubeConfig);
  const metadata = { name: 'runner', namespace: NAMESPACE };
  await connection.json('POST', '/api/v1/namespaces', { metadata: { name: NAMESPACE } });
  await connection.json('POST', `/api/v1/namespaces/${NAMESPACE}/serviceaccounts`, { metadata });
  const { status } = await connection.json<{ status: { token: string } }>(
    'POST',
    `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/runner/token`,
    { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 24 * 3600 } },
  );
  const { server = '', caData = '' } = cluster.kubeConfig.getCurrentCluster() ?? {};
  mkdirSync(folder);
  writeFileSync(join(folder, 'token'), status.token, { mode: 0o600 });
  writeFileSync(join(folder, 'ca.crt'), Buffer.from(caData, 'base64'));
  const { hostname, port } = new URL(server);
  const bound: string[] = [];
  const bind = async (scope: Scope | undefined, role: object): Promise<void> => {
    const root = `${ROLES}${scope === undefined ? '' : `/namespaces/${scope}`}`;
    const binding = scope === undefined ? 'clusterrolebindings' : 'rolebindings';
    await connection.json('POST', `${root}/${binding}`, {
      metadata: { name: 'runner' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', ...role },
      subjects: [{ kind: 'ServiceAccount', ...metadata }],
    });
    bound.push(`${root}/${binding}/runner`);
  };
  return {
    flags: ['--cluster-name', cluster.name, '--service-account-dir', folder],
    environment: { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port },
    bind: async (rules) => {
      for (const path of bound.splice(0)) await connection.json('DELETE', path);
      if (rules === undefined) return bind(undefined, { kind: 'ClusterRole', name: 'cluster-admin' });
      await connection.json('POST', `${ROLES}/clusterroles`, { metadata: { name: 'runner' }, rules: rules.cluster });
      await bind(undefined, { kind: 'ClusterRole', name: 'runner' });
      const inSystem = { metadata: { name: 'runner' }, rules: rules['kube-system'] };
      await connection.json('POST', `${ROLES}/namespaces/kube-system/roles`, inSystem);
      await bind('kube-system', { kind: 'Role', name: 'runner' });
    },
    close: () => connection.close(),
  };
}
