/** What the agent's flags say. Durations are in milliseconds. */
export interface AgentSettings {
  /** Which link-local addresses are served. */
  readonly families: readonly ('v4' | 'v6')[];
  readonly endpoint?: string;
  readonly maxCredentialRetentionBeforeRenewal?: number;
  readonly maxCacheSize?: number;
  readonly maxServiceQps?: number;
}

const UNITS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  ns: 1e-6,
};

/** Flags that change nothing where the agent runs inside this process, on ports of the system's choice. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set([
  ...['--cluster-name', '-c', '--verbosity', '-v', '--rotate-credentials'],
  ...['--port', '-p', '--probe-port', '--metrics-port', '--metrics-address'],
]);

const BOOLEAN: ReadonlySet<string> = new Set(['--rotate-credentials']);

/** Reads the agent's arguments. Throws an Error in the words of the agent's start-up when one is unknown or bad. */
export function agentSettings(args: readonly string[]): AgentSettings {
  let settings: AgentSettings = { families: ['v4', 'v6'] };
  const hosts: string[] = [];
  for (const [flag, value] of flags(args)) {
    if (flag === '-b' || flag === '--bind-hosts') hosts.push(...value.split(','));
    else settings = { ...settings, ...setting(flag, value) };
  }
  return hosts.length === 0 ? settings : { ...settings, families: hosts.map(family) };
}

function* flags(args: readonly string[]): Generator<[flag: string, value: string]> {
  for (let index = 0; index < args.length; index += 1) {
    const [, flag = '', inline] = /^(-{1,2}[^=]+)(?:=(.*))?$/s.exec(args[index] ?? '') ?? [];
    if (flag === '') continue;
    const next = args[index + 1];
    if (inline !== undefined) yield [flag, inline];
    else if (BOOLEAN.has(flag)) yield [flag, next === 'true' || next === 'false' ? next : 'true'];
    else if (next === undefined) throw new Error(`flag needs an argument: ${flag}`);
    else {
      yield [flag, next];
      index += 1;
    }
  }
}

function setting(flag: string, value: string): Partial<AgentSettings> {
  switch (flag) {
    case '--endpoint':
      return value === '' ? {} : { endpoint: value };
    case '--max-credential-retention-before-renewal':
      return { maxCredentialRetentionBeforeRenewal: duration(flag, value) };
    case '--max-cache-size':
      return { maxCacheSize: whole(flag, value) };
    case '--max-service-qps':
      return { maxServiceQps: whole(flag, value) };
    default:
      if (WITHOUT_EFFECT.has(flag)) return {};
      throw new Error(`unknown flag: ${flag}`);
  }
}

function family(host: string): 'v4' | 'v6' {
  const bare = host.trim().replace(/^\[|\]$/g, '');
  if (bare === '169.254.170.23') return 'v4';
  if (bare === 'fd00:ec2::23') return 'v6';
  throw new Error(`listen tcp ${host}:80: bind: cannot assign requested address`);
}

function whole(flag: string, value: string): number {
  if (!/^\d+$/.test(value)) throw new Error(`invalid argument ${JSON.stringify(value)} for "${flag}" flag`);
  return Number(value);
}

/** A duration as Go writes it: `3h`, `1m30s`, `0`. */
function duration(flag: string, value: string): number {
  if (value === '0') return 0;
  const parts = [...value.matchAll(/(\d+(?:\.\d+)?)(h|ms|us|µs|ns|m|s)/g)];
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== value) {
    throw new Error(`invalid argument ${JSON.stringify(value)} for "${flag}" flag: time: invalid duration`);
  }
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * (UNITS[unit ?? ''] ?? 0), 0);
}
