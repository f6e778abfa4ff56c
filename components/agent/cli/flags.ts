import { camelCased, parseFlags, UsageError, type Flags } from '../../go/flags.ts';
import { LOG_LEVELS, type LogLevel } from '../log.ts';
import type { AgentOptions } from '../options.ts';

/** The flags of `server`. If not given, flags with a default are omitted. */
export type ServerFlags = Omit<AgentOptions, 'region' | 'credentials' | 'clock' | 'log'> & {
  readonly rotateCredentials: boolean;
};

const VERBOSITY = { kind: 'string', short: 'v', value: 'info' } as const;
const PORT = { kind: 'int', most: 65_535 } as const;
const COUNT = { kind: 'int', most: 2 ** 31 } as const;

const SERVER_FLAGS = {
  'cluster-name': { kind: 'string', short: 'c' },
  endpoint: { kind: 'string', value: '' },
  'bind-hosts': { kind: 'strings', short: 'b' },
  port: { ...PORT, short: 'p' },
  'probe-port': PORT,
  'metrics-address': { kind: 'string' },
  'metrics-port': PORT,
  'max-credential-retention-before-renewal': { kind: 'duration' },
  'max-cache-size': COUNT,
  'max-service-qps': COUNT,
  'rotate-credentials': { kind: 'bool', value: false },
  'enable-imds-credentials': { kind: 'bool' },
  verbosity: VERBOSITY,
} as const satisfies Flags;

function level(text: string): LogLevel {
  const named = text.toLowerCase() === 'warn' ? 'warning' : text.toLowerCase();
  const logLevel = LOG_LEVELS.find((candidate) => candidate === named);
  if (logLevel === undefined)
    throw new UsageError(`Invalid logging verbosity: not a valid level: ${JSON.stringify(text)}`);
  return logLevel;
}

/** Checks the flags of the other commands: only a verbosity, without effect. @throws UsageError */
export function checkCommonFlags(args: readonly string[]): void {
  level(parseFlags({ verbosity: VERBOSITY }, args).verbosity);
}

export function parseServerFlags(args: readonly string[]): ServerFlags {
  const flags = parseFlags(SERVER_FLAGS, args);
  const { clusterName, endpoint, verbosity, ...given } = camelCased(flags);
  if (clusterName === undefined) throw new UsageError('required flag(s) "cluster-name" not set');
  return { ...(given as ServerFlags), clusterName, ...(endpoint && { endpoint }), verbosity: level(verbosity) };
}
