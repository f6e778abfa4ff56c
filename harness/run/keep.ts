import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Provisioned } from './environment.ts';

/** Presigned tokens are good for 15 minutes: the kubeconfig is written again before that. */
const REFRESH_MILLISECONDS = 10 * 60_000;

/** Keeps clusters and fixtures until the signal fires, and says how to look around. Its kubeconfigs go with it. */
export async function keepUntil(
  signal: AbortSignal,
  { environment }: Provisioned,
  directory: string,
  output: NodeJS.WritableStream,
): Promise<void> {
  const files: string[] = [];
  const write = async (): Promise<void> => {
    for (const { alias, cluster } of environment.sites.values()) {
      const current = cluster.kubeConfig.getCurrentCluster();
      const token = await environment.aws.clusterToken(cluster.name);
      const file = join(directory, `kubeconfig-${alias}.json`);
      const config = {
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [
          { name: alias, cluster: { server: current?.server, 'certificate-authority-data': current?.caData } },
        ],
        users: [{ name: alias, user: { token } }],
        contexts: [{ name: alias, context: { cluster: alias, user: alias } }],
        'current-context': alias,
      };
      writeFileSync(file, JSON.stringify(config, null, 2), { mode: 0o600 });
      chmodSync(file, 0o600);
      if (!files.includes(file)) files.push(file);
    }
  };
  await write();
  const timer = setInterval(() => void write().catch(() => undefined), REFRESH_MILLISECONDS);
  output.write(`\nKept until Ctrl-C. Look around with:\n`);
  for (const file of files) output.write(`  kubectl --kubeconfig ${resolve(file)} get pods --all-namespaces\n`);
  output.write(
    `  The emulated AWS is at ${environment.aws.workloadEnvironment['AWS_ENDPOINT_URL'] ?? 'AWS itself'}.\n`,
  );
  if (!signal.aborted)
    await new Promise<void>((done) => signal.addEventListener('abort', () => done(), { once: true }));
  clearInterval(timer);
  for (const file of files) rmSync(file, { force: true });
}
