import { parseFlags, type Flags, type FlagValues } from '../../go/flags.ts';
import { DEFAULTS } from '../options.ts';

/** The webhook's flags with their types and defaults. Durations are in milliseconds. */
const FLAGS = {
  port: { kind: 'int', value: 443 },
  kubeconfig: { kind: 'string', value: '' },
  'kube-api': { kind: 'string', value: '' },
  'tls-key': { kind: 'string', value: '/etc/webhook/certs/tls.key' },
  'tls-cert': { kind: 'string', value: '/etc/webhook/certs/tls.crt' },
  'in-cluster': { kind: 'bool', value: true },
  'service-name': { kind: 'string', value: 'pod-identity-webhook' },
  namespace: { kind: 'string', value: 'eks' },
  'tls-secret': { kind: 'string', value: 'pod-identity-webhook' },
  'annotation-prefix': { kind: 'string', value: DEFAULTS.annotationPrefix },
  'token-audience': { kind: 'string', value: DEFAULTS.tokenAudience },
  'token-mount-path': { kind: 'string', value: DEFAULTS.tokenMountPath },
  'token-expiration': { kind: 'int', value: 86_400 },
  'aws-default-region': { kind: 'string', value: '' },
  'sts-regional-endpoint': { kind: 'bool', value: false },
  'watch-config-map': { kind: 'bool', value: false },
  'compose-role-arn': { kind: 'bool', value: false },
  'watch-container-credentials-config': { kind: 'string', value: '' },
  'container-credentials-audience': { kind: 'string', value: DEFAULTS.containerCredentialsAudience },
  'container-credentials-token-mount-path': { kind: 'string', value: DEFAULTS.containerCredentialsTokenMountPath },
  'container-credentials-token-volume-name': { kind: 'string', value: DEFAULTS.containerCredentialsTokenVolumeName },
  'container-credentials-token-path': { kind: 'string', value: DEFAULTS.containerCredentialsTokenPath },
  'container-credentials-full-uri': { kind: 'string', value: DEFAULTS.containerCredentialsFullUri },
  'service-account-lookup-grace-period': { kind: 'duration', value: 0 },
  'resync-period': { kind: 'duration', value: 60_000 },
  // Accepted for the webhook's manifests; the log always goes to standard error.
  logtostderr: { kind: 'bool', value: true },
  v: { kind: 'int', short: 'v', value: 0 },
  // The real webhook has no such flags: it listens on every address, and reads the account from instance metadata.
  // WEBHOOK_HOST replaces --host for its manifests.
  host: { kind: 'string', value: '127.0.0.1' },
  'account-id': { kind: 'string', value: '' },
  partition: { kind: 'string', value: 'aws' },
  help: { kind: 'bool', value: false },
  version: { kind: 'bool', value: false },
} as const satisfies Flags;

export type WebhookFlags = FlagValues<typeof FLAGS>;

/** Parses a command line. WEBHOOK_HOST is the default of `--host`. @throws UsageError */
export function parseWebhookFlags(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = {},
): WebhookFlags {
  const value = environment['WEBHOOK_HOST'] || FLAGS.host.value;
  return parseFlags({ ...FLAGS, host: { ...FLAGS.host, value } }, args);
}

export const usage = (): string =>
  [
    'Usage: webhook [flags]',
    '',
    ...Object.entries(FLAGS).map(([name, { value }]) => `  --${name} (default ${value})`),
    '',
    'WEBHOOK_HOST is the default of --host. CONFORMANCE_FAULTS enables deliberate defects: names that begin with webhook-,',
    'separated by commas.',
  ].join('\n');
