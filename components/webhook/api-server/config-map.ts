import { decodeText } from '../../go/json-decode.ts';
import { goTypes } from '../../go/json-types.ts';
import type { Connection } from '../../../foundation/protocols/kubernetes-connection.ts';
import { clampTokenExpiration, DEFAULT_TOKEN_EXPIRATION, type Identity } from '../options.ts';
import { Informer } from './informer.ts';

const Entries = goTypes({
  Entry: { RoleARN: 'string', Audience: 'string', UseRegionalSTS: 'bool', TokenExpiration: 'int64' },
})('map[string]Entry');

const CONFIG_MAP = 'pod-identity-webhook';

interface DecodedEntry {
  readonly RoleARN?: string;
  readonly Audience?: string;
  readonly UseRegionalSTS?: boolean;
  readonly TokenExpiration?: number | bigint;
}

/**
 * Parses `config` of the config map `pod-identity-webhook`: JSON with roles by `<namespace>/<service account>`, where
 * the namespace may be `*`. Source: amazon-eks-pod-identity-webhook, README, "pod-identity-webhook ConfigMap".
 */
export function parseConfigMap(config: string, tokenExpiration: bigint): ReadonlyMap<string, Identity> | undefined {
  const { value = {}, error } = decodeText<Readonly<Record<string, DecodedEntry>>>(Entries, config);
  if (error !== undefined) return undefined;
  const identities = new Map<string, Identity>();
  for (const [key, entry] of Object.entries(value)) {
    const [namespace, name] = key.split('/');
    if (name === undefined) return undefined;
    identities.set(`${namespace}/${name}`, {
      roleArn: entry.RoleARN ?? '',
      // The flags for the audience and for regional STS do not apply to these entries.
      audience: entry.Audience ?? '',
      regionalSts: entry.UseRegionalSTS ?? false,
      tokenExpiration: BigInt(entry.TokenExpiration ?? 0) || tokenExpiration,
    });
  }
  return identities;
}

/** Returns the config map's current identities. Keeps the previous ones if it becomes invalid. */
export function configMapIdentities(
  current: () => string | undefined,
  tokenExpiration: bigint,
  log: (line: string) => void = () => undefined,
): { get(key: string): Identity | undefined } {
  let read: string | undefined;
  let identities: ReadonlyMap<string, Identity> = new Map();
  return {
    get(key) {
      const config = current();
      if (config !== undefined && config !== read) {
        read = config;
        const parsed = parseConfigMap(config, tokenExpiration);
        if (parsed === undefined) log(`The config map ${CONFIG_MAP} cannot be read.`);
        identities = parsed ?? identities;
      }
      return identities.get(key);
    },
  };
}

/** Watches the config map in a namespace. `seconds` is the default expiration. */
export function watchConfigMap(
  api: Connection,
  namespace: string,
  seconds = Number(DEFAULT_TOKEN_EXPIRATION),
  log: (line: string) => void = () => undefined,
): ReturnType<typeof configMapIdentities> & { stop(): Promise<void> } {
  const informer = new Informer(api, `/api/v1/namespaces/${encodeURIComponent(namespace)}/configmaps`, log);
  void informer.start();
  const config = () => informer.get(namespace, CONFIG_MAP)?.data?.['config'];
  return { ...configMapIdentities(config, clampTokenExpiration(BigInt(seconds)), log), stop: () => informer.stop() };
}
