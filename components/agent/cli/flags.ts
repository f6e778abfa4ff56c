import { parseDuration } from '../go/duration.ts';
import type { LogLevel } from '../log.ts';
import { LOG_LEVELS } from '../log.ts';
import { UsageError } from './usage-error.ts';

/** What the flags of `server` say. Durations in ms; what has a default of the agent's own is left out where not given. */
export interface ServerFlags {
  readonly clusterName: string;
  readonly endpoint?: string;
  readonly bindHosts?: readonly string[];
  readonly port?: number;
  readonly probePort?: number;
  readonly metricsAddress?: string;
  readonly metricsPort?: number;
  readonly maxCredentialRetentionBeforeRenewal?: number;
  readonly maxCacheSize?: number;
  readonly maxServiceQps?: number;
  readonly rotateCredentials: boolean;
  readonly verbosity: LogLevel;
}

const SHORT: Readonly<Record<string, string>> = { c: 'cluster-name', p: 'port', b: 'bind-hosts', v: 'verbosity' };
const VALUED = [
  'bind-hosts',
  'cluster-name',
  'endpoint',
  'max-cache-size',
  'max-credential-retention-before-renewal',
  'max-service-qps',
  'metrics-address',
  'metrics-port',
  'port',
  'probe-port',
  'verbosity',
];
const SWITCHES = ['rotate-credentials'];

/** All values of each flag, in order. `valued`: the flags that take a value. */
function collect(args: readonly string[], valued: readonly string[], switches: readonly string[]) {
  const values = new Map<string, readonly string[]>();
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const match = /^(?:--([^=]+)|-([a-z]))(?:=?(.*))$/s.exec(arg);
    if (match === null) throw new UsageError(`unexpected argument ${JSON.stringify(arg)}`);
    const name = match[1] ?? SHORT[match[2] ?? ''] ?? '';
    const attached = arg.startsWith('--') ? arg.includes('=') : (match[3] ?? '') !== '';
    let value = attached ? (match[3] ?? '') : undefined;
    if (switches.includes(name)) value ??= 'true';
    else if (valued.includes(name)) value ??= rest.shift();
    else throw new UsageError(`unknown flag: ${arg.split('=', 1)[0] ?? arg}`);
    if (value === undefined) throw new UsageError(`flag needs an argument: ${arg}`);
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  return values;
}

function wholeNumber(flag: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text) && Number(text) <= most) return Number(text);
  throw new UsageError(`invalid argument ${JSON.stringify(text)} for --${flag}: expected a number from 0 to ${most}`);
}

function duration(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const parsed = parseDuration(text);
  if (parsed !== undefined && parsed >= 0) return parsed;
  throw new UsageError(`invalid argument ${JSON.stringify(text)} for --${flag}: expected a duration such as 3h or 90s`);
}

/** The level of `--verbosity`, in logrus' names. */
function level(text: string): LogLevel {
  const named = text.toLowerCase() === 'warn' ? 'warning' : text.toLowerCase();
  const found = LOG_LEVELS.find((candidate) => candidate === named);
  if (found === undefined)
    throw new UsageError(`Invalid logging verbosity: not a valid level: ${JSON.stringify(text)}`);
  return found;
}

/**
 * The flags of the commands other than `server`: a verbosity, which changes nothing of the little that they say.
 *
 * @throws UsageError
 */
export function checkCommonFlags(args: readonly string[]): void {
  level(collect(args, ['verbosity'], []).get('verbosity')?.at(-1) ?? 'info');
}

/** @throws UsageError */
export function parseServerFlags(args: readonly string[]): ServerFlags {
  const values = collect(args, VALUED, SWITCHES);
  const last = (flag: string): string | undefined => values.get(flag)?.at(-1);
  const port = (flag: string): number | undefined => wholeNumber(flag, last(flag), 65_535);
  const clusterName = last('cluster-name');
  if (clusterName === undefined) throw new UsageError('required flag(s) "cluster-name" not set');
  const endpoint = last('endpoint');
  const given = {
    endpoint: endpoint === '' ? undefined : endpoint,
    bindHosts: values.get('bind-hosts'),
    port: port('port'),
    probePort: port('probe-port'),
    metricsAddress: last('metrics-address'),
    metricsPort: port('metrics-port'),
    maxCredentialRetentionBeforeRenewal: duration(
      'max-credential-retention-before-renewal',
      last('max-credential-retention-before-renewal'),
    ),
    maxCacheSize: wholeNumber('max-cache-size', last('max-cache-size'), 2 ** 31),
    maxServiceQps: wholeNumber('max-service-qps', last('max-service-qps'), 2 ** 31),
  };
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return {
    clusterName,
    rotateCredentials: last('rotate-credentials') === 'true',
    verbosity: level(last('verbosity') ?? 'info'),
    ...present,
  };
}
