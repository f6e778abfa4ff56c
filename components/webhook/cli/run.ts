import { readFile } from 'node:fs/promises';
import { connect } from '../../../foundation/protocols/kubernetes-connection.ts';
import { accessOf } from '../api-server/access.ts';
import { ServiceAccountCache } from '../api-server/service-accounts.ts';
import { camelCased, UsageError } from '../../go/flags.ts';
import { watchConfigMap } from '../api-server/config-map.ts';
import type { RunningWebhook } from '../options.ts';
import { startWebhook } from '../server/start.ts';
import type { WebhookFlags } from './flags.ts';
import { watchIdentities } from './identities-file.ts';

export interface RunningProgram {
  readonly webhook: RunningWebhook;
  stop(): Promise<void>;
}

export async function run(
  flags: WebhookFlags,
  environment: Readonly<Record<string, string | undefined>>,
  log: (line: string) => void,
): Promise<RunningProgram> {
  requireSupported(flags);
  const stops: (() => Promise<void> | void)[] = [];
  const stop = async (): Promise<void> => {
    for (const each of stops.reverse()) await each();
  };
  try {
    const api = connect(accessOf(flags, environment));
    stops.push(() => api.close());
    const serviceAccounts = new ServiceAccountCache(api, log, flags['service-account-lookup-grace-period']);
    stops.push(() => serviceAccounts.stop());
    // Not awaited: like the real webhook, this one answers reviews before its first list.
    void serviceAccounts.start();
    const configuredIdentities = flags['watch-config-map']
      ? watchConfigMap(api, flags.namespace, flags['token-expiration'], log)
      : undefined;
    stops.push(() => configuredIdentities?.stop());
    const webhook = await startWebhook({
      serviceAccounts,
      ...(configuredIdentities ? { configuredIdentities } : {}),
      ...camelCased(flags),
      composeRoleArn: {
        enabled: flags['compose-role-arn'],
        accountId: flags['account-id'],
        partition: flags.partition,
      },
      tls: await readTls(flags),
      log,
    });
    stops.push(() => webhook.stop());
    if (flags['watch-container-credentials-config'] !== '') {
      const watcher = await watchIdentities(
        flags['watch-container-credentials-config'],
        (identities) => webhook.setIdentities(identities),
        log,
      );
      stops.push(() => watcher.stop());
    }
    return { webhook, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function requireSupported(flags: WebhookFlags): void {
  if (flags['in-cluster']) {
    throw new UsageError(
      'This webhook does not request certificates from the cluster. Use --in-cluster=false with --tls-cert and --tls-key.',
    );
  }
  if (flags['compose-role-arn'] && flags['account-id'] === '') {
    throw new UsageError(
      'This webhook does not read instance metadata. Use --account-id (and --partition) with --compose-role-arn.',
    );
  }
}

async function readTls(flags: WebhookFlags): Promise<{ readonly certificate: string; readonly key: string }> {
  const [certificate, key] = await Promise.all([
    readFile(flags['tls-cert'], 'utf8'),
    readFile(flags['tls-key'], 'utf8'),
  ]);
  return { certificate, key };
}
