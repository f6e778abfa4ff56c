import { parseBool, parseInteger } from '../go/text.ts';

/** A command line that cannot be run; the message says what is wrong with it. */
export class FlagError extends Error {}

type Kind = 'string' | 'int' | 'bool' | 'duration';

/** The webhook's flags, with their kinds and defaults. Durations are in milliseconds. */
const FLAGS = {
  port: { kind: 'int', value: 443 },
  'metrics-port': { kind: 'int', value: 9999 },
  kubeconfig: { kind: 'string', value: '' },
  'kube-api': { kind: 'string', value: '' },
  'tls-key': { kind: 'string', value: '/etc/webhook/certs/tls.key' },
  'tls-cert': { kind: 'string', value: '/etc/webhook/certs/tls.crt' },
  'in-cluster': { kind: 'bool', value: true },
  'service-name': { kind: 'string', value: 'pod-identity-webhook' },
  namespace: { kind: 'string', value: 'eks' },
  'tls-secret': { kind: 'string', value: 'pod-identity-webhook' },
  'annotation-prefix': { kind: 'string', value: 'eks.amazonaws.com' },
  'token-audience': { kind: 'string', value: 'sts.amazonaws.com' },
  'token-mount-path': { kind: 'string', value: '/var/run/secrets/eks.amazonaws.com/serviceaccount' },
  'token-expiration': { kind: 'int', value: 86_400 },
  'aws-default-region': { kind: 'string', value: '' },
  'sts-regional-endpoint': { kind: 'bool', value: false },
  'watch-config-map': { kind: 'bool', value: false },
  'compose-role-arn': { kind: 'bool', value: false },
  'watch-container-credentials-config': { kind: 'string', value: '' },
  'container-credentials-audience': { kind: 'string', value: 'pods.eks.amazonaws.com' },
  'container-credentials-token-mount-path': {
    kind: 'string',
    value: '/var/run/secrets/pods.eks.amazonaws.com/serviceaccount',
  },
  'container-credentials-token-volume-name': { kind: 'string', value: 'eks-pod-identity-token' },
  'container-credentials-token-path': { kind: 'string', value: 'eks-pod-identity-token' },
  'container-credentials-full-uri': { kind: 'string', value: 'http://169.254.170.23/v1/credentials' },
  'service-account-lookup-grace-period': { kind: 'duration', value: 0 },
  'resync-period': { kind: 'duration', value: 60_000 },
  // The log always goes to standard error; these are taken so that the webhook's manifests run as they are.
  logtostderr: { kind: 'bool', value: true },
  v: { kind: 'int', value: 0 },
  // Not the webhook's own, which listens on every address (WEBHOOK_HOST sets the default in the environment, since
  // manifests made for it name no host) and is given an account by instance metadata.
  host: { kind: 'string', value: '127.0.0.1' },
  'account-id': { kind: 'string', value: '' },
  partition: { kind: 'string', value: 'aws' },
  help: { kind: 'bool', value: false },
  version: { kind: 'bool', value: false },
} as const satisfies Readonly<Record<string, { readonly kind: Kind; readonly value: string | number | boolean }>>;

type FlagName = keyof typeof FLAGS;
type ValueOf<K extends Kind> = K extends 'string' ? string : K extends 'bool' ? boolean : number;
export type Flags = { readonly [N in FlagName]: ValueOf<(typeof FLAGS)[N]['kind']> };

/**
 * Parses `--name=value`, `--name value` and, of a truth value, `--name`. WEBHOOK_HOST of the environment is the default of
 * `--host`. Throws {@link FlagError}.
 */
export function parseFlags(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = {},
): Flags {
  const values: Record<string, string | number | boolean> = Object.fromEntries(
    Object.entries(FLAGS).map(([name, { value }]) => [name, value]),
  );
  values['host'] = environment['WEBHOOK_HOST'] || FLAGS.host.value;
  for (let index = 0; index < args.length; index++) {
    const [, name = '', , given] = /^--?([a-z][a-z-]*)(=([\s\S]*))?$/.exec(args[index] ?? '') ?? [];
    if (!Object.hasOwn(FLAGS, name)) throw new FlagError(`Unknown flag: ${args[index]?.split('=')[0]}`);
    const { kind } = FLAGS[name as FlagName];
    const text = given ?? (kind === 'bool' ? 'true' : args[++index]);
    if (text === undefined) throw new FlagError(`The flag --${name} needs a value.`);
    values[name] = parseValue(name, kind, text);
  }
  return values as unknown as Flags;
}

function parseValue(name: string, kind: Kind, text: string): string | number | boolean {
  const value = kind === 'string' ? text : PARSERS[kind](text);
  if (value === undefined) throw new FlagError(`The flag --${name} takes ${EXPECTED[kind]}, not "${text}".`);
  return value;
}

const PARSERS = {
  int: (text: string) => {
    const value = parseInteger(text, 64);
    return value === undefined ? undefined : Number(value);
  },
  bool: parseBool,
  duration: parseDuration,
};

const EXPECTED: Readonly<Record<Kind, string>> = {
  string: 'a text',
  int: 'a whole number',
  bool: 'true or false',
  duration: 'a duration such as 100ms or 1m30s',
};

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Go's time.ParseDuration, in milliseconds; none below zero. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)];
  return parts.reduce((sum, [, amount, unit = '']) => sum + Number(amount) * (UNITS[unit] ?? 0), 0);
}

export const usage = (): string =>
  [
    'Usage: webhook [flags]',
    '',
    ...Object.entries(FLAGS).map(([name, { value }]) => `  --${name} (default ${value})`),
    '',
    'WEBHOOK_HOST is the default of --host. CONFORMANCE_FAULTS, a comma list, puts defects into the webhook on purpose:',
    'those of its names that begin with webhook-.',
  ].join('\n');
