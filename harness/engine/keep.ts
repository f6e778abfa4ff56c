import { commandLine } from '../../foundation/node/command-line.ts';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { AGENT_SELECTOR } from '../../clusters/common/agent-addon.ts';
import type { AwsTarget } from '../aws-target/target.ts';
import type { Provisioned } from './environment.ts';
import type { Session } from './session.ts';
import type { Environment, ProvisionedCluster } from '../scenario/scenario-context.ts';

/** Presigned tokens expire after 15 minutes, so the kubeconfig is rewritten earlier. */
const REFRESH_MILLISECONDS = 10 * 60_000;
/** Label selectors of pods with useful logs: the agent's, and the webhook's if it runs in pods. */
const COMPONENTS: readonly string[] = [AGENT_SELECTOR, 'app=pod-identity-webhook'];

/** Keeps clusters and fixtures until the run is interrupted, and prints how to inspect them. Then deletes its files. */
export async function keepUntilInterrupted(
  { directory, journal, options }: Session,
  { environment }: Provisioned,
): Promise<void> {
  const { interrupted: signal, stderr: output, configuration } = options;
  // Only for an existing cluster; clusters of the run get their own kubeconfigs.
  const kubectlFlags = configuration.cluster.kubectlFlags?.(configuration);
  const clusters = [...environment.clusters.values()];
  const kubeconfigs = new Map(
    kubectlFlags === undefined
      ? clusters.map((provisioned) => [provisioned, resolve(directory, `kubeconfig-${provisioned.cluster.name}.json`)])
      : [],
  );
  const credentials = resolve(directory, 'aws-credentials');
  const files = [...kubeconfigs.values(), ...(environment.aws.name === 'emulator' ? [credentials] : [])];
  const write = async (): Promise<void> => {
    for (const [provisioned, file] of kubeconfigs) await writeKubeconfig(environment, provisioned, file);
  };
  for (const path of files) journal.add({ kind: 'path', path });
  try {
    await write();
    output.write(`\nClusters and fixtures are kept until you press Ctrl-C. To inspect them:\n`);
    for (const provisioned of clusters) {
      const flags = kubectlFlags ?? `--kubeconfig ${kubeconfigs.get(provisioned)}`;
      for (const command of await commandsFor(provisioned, flags)) output.write(`  ${command}\n`);
    }
    output.write(await awsText(environment.aws, credentials));
    output.write(
      `Ctrl-C removes everything. If this process is killed, run \`${commandLine('sweep', `--run ${environment.run} --report-dir ${directory}`)}\`.\n`,
    );
    const timer = setInterval(() => void write().catch(() => undefined), REFRESH_MILLISECONDS);
    if (!signal.aborted)
      await new Promise<void>((done) => signal.addEventListener('abort', () => done(), { once: true }));
    clearInterval(timer);
  } finally {
    for (const path of files) {
      rmSync(path, { force: true });
      journal.forget({ kind: 'path', path });
    }
  }
}

/** Describes how to use this AWS with the CLI and SDKs. Writes the emulator's key to a file, not to the terminal. */
async function awsText(aws: AwsTarget, credentialsFile: string): Promise<string> {
  const endpoint = aws.workloadEnvironment['AWS_ENDPOINT_URL'];
  if (aws.name !== 'emulator' || endpoint === undefined) {
    const places = Object.entries(aws.endpoints).map(([service, url]) => `${service} at ${url}`);
    return `  AWS: your own credentials, region ${aws.region}${places.length > 0 ? ` (${places.join(', ')})` : ''}.\n`;
  }
  const { accessKeyId, secretAccessKey } = await aws.clients('main').iam.config.credentials();
  const profile = ['[default]', `aws_access_key_id = ${accessKeyId}`, `aws_secret_access_key = ${secretAccessKey}`, ''];
  writePrivate(credentialsFile, profile.join('\n'));
  const variables = {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: aws.region,
    AWS_SHARED_CREDENTIALS_FILE: credentialsFile,
    AWS_PROFILE: 'default',
  };
  const words = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  return `  The emulated AWS is at ${endpoint}. To use it as administrator with the AWS CLI and SDKs:\n  export ${words.join(' ')}\n`;
}

function writePrivate(file: string, content: string): void {
  writeFileSync(file, content, { mode: 0o600 });
  chmodSync(file, 0o600);
}

async function commandsFor({ kubernetes }: ProvisionedCluster, flags: string): Promise<string[]> {
  const commands = [`kubectl ${flags} get pods --all-namespaces`];
  for (const selector of COMPONENTS)
    // The component may be missing.
    if ((await kubernetes.listPods('kube-system', selector).catch(() => [])).length > 0)
      commands.push(`kubectl ${flags} logs --namespace kube-system --selector ${selector} --tail -1`);
  return commands;
}

async function writeKubeconfig(
  { aws }: Environment,
  { alias, cluster }: ProvisionedCluster,
  file: string,
): Promise<void> {
  const current = cluster.kubeConfig.getCurrentCluster();
  const token = await aws.clusterToken(cluster.name);
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: alias, cluster: { server: current?.server, 'certificate-authority-data': current?.caData } }],
    users: [{ name: alias, user: { token } }],
    contexts: [{ name: alias, context: { cluster: alias, user: alias } }],
    'current-context': alias,
  };
  writePrivate(file, JSON.stringify(config, null, 2));
}
