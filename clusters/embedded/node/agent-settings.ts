import { parseServerFlags, type ServerFlags } from '../../../components/agent/index.ts';
import { unbracketed } from '../../../foundation/node/unbracketed.ts';

/** Flags that affect an agent in this process. Port flags do not: the system chooses the ports. */
const EFFECTIVE = [
  'endpoint',
  'maxCredentialRetentionBeforeRenewal',
  'maxCacheSize',
  'maxServiceQps',
  'enableImdsCredentials',
] as const;

/** Durations in milliseconds. */
interface AgentSettings extends Pick<ServerFlags, (typeof EFFECTIVE)[number]> {
  readonly families: readonly ('v4' | 'v6')[];
}

/** Parses the agent's arguments. Throws an Error with the agent's own message for an invalid one. */
export function agentSettings(args: readonly string[]): AgentSettings {
  const flags = parseServerFlags(args);
  const given = EFFECTIVE.filter((name) => flags[name] !== undefined).map((name) => [name, flags[name]] as const);
  const hosts = flags.bindHosts?.flatMap((value) => value.split(','));
  return {
    families: hosts?.map(family) ?? ['v4', 'v6'],
    ...(Object.fromEntries(given) as Omit<AgentSettings, 'families'>),
  };
}

function family(host: string): 'v4' | 'v6' {
  const bare = unbracketed(host.trim());
  if (bare === '169.254.170.23') return 'v4';
  if (bare === 'fd00:ec2::23') return 'v6';
  throw new Error(`listen tcp ${host}:80: bind: cannot assign requested address`);
}
