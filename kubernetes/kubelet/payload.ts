import type { ObjectStore } from '../api-server/types.ts';
import type { Payload, ProjectedFile } from './atomic-writer.ts';
import { objectData } from './environment.ts';
import { ConfigError, fieldValue } from './fields.ts';
import { runAs } from './spec.ts';
import type { ConfigMapSource, DownwardSource, Pod, PodSpec, SecretSource, Volume } from './spec.ts';
import type { PodTokens } from './tokens.ts';

export interface PayloadSources {
  readonly store: ObjectStore;
  readonly tokens: PodTokens;
}

const DEFAULT_MODE = 0o644;

/** The kinds of volume whose files the kubelet writes. */
export function isProjection(volume: Volume): boolean {
  return (
    volume.projected !== undefined ||
    volume.configMap !== undefined ||
    volume.secret !== undefined ||
    volume.downwardAPI !== undefined
  );
}

/** The files of a projected, configMap, secret or downwardAPI volume as they should be now. Throws `ConfigError`. */
export async function payloadOf(volume: Volume, pod: Pod, sources: PayloadSources): Promise<Payload> {
  const files = new Map<string, ProjectedFile>();
  const add = (entries: Iterable<[string, ProjectedFile]>): void => {
    for (const [path, file] of entries) files.set(checkPath(path), file);
  };
  const defaultMode =
    volume.projected?.defaultMode ??
    volume.configMap?.defaultMode ??
    volume.secret?.defaultMode ??
    volume.downwardAPI?.defaultMode ??
    DEFAULT_MODE;
  const collect = (resource: 'configmaps' | 'secrets', source: ConfigMapSource): void =>
    add(keyFiles(resource, source, pod, sources.store, defaultMode));

  if (volume.configMap !== undefined) collect('configmaps', volume.configMap);
  if (volume.secret !== undefined) collect('secrets', named(volume.secret));
  if (volume.downwardAPI !== undefined) add(fieldFiles(volume.downwardAPI, pod, defaultMode));
  for (const source of volume.projected?.sources ?? []) {
    if (source.configMap !== undefined) collect('configmaps', source.configMap);
    else if (source.secret !== undefined) collect('secrets', source.secret);
    else if (source.downwardAPI !== undefined) add(fieldFiles(source.downwardAPI, pod, defaultMode));
    else if (source.serviceAccountToken !== undefined) {
      const token = await sources.tokens.current(pod, source.serviceAccountToken);
      add([[source.serviceAccountToken.path, tokenFile(token, pod.spec, defaultMode)]]);
    } else {
      throw new ConfigError(`projected source ${Object.keys(source).join()} is not offered here`);
    }
  }
  return files;
}

/**
 * A token's file is its user's alone when all containers run as one user, readable to the group with an fsGroup, and
 * else as readable as the volume's other files (Kubernetes, "File permission" of projected service account tokens).
 */
function tokenFile(token: string, spec: PodSpec, defaultMode: number): ProjectedFile {
  const users = new Set([...(spec.initContainers ?? []), ...spec.containers].map((c) => runAs(spec, c).runAsUser));
  const uid = users.size === 1 ? [...users][0] : undefined;
  const gid = spec.securityContext?.fsGroup;
  const mode = gid !== undefined ? 0o640 : uid !== undefined ? 0o600 : defaultMode;
  return {
    data: Buffer.from(token),
    mode,
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  };
}

function named(source: SecretSource): ConfigMapSource {
  const { secretName, ...rest } = source;
  return secretName === undefined ? rest : { ...rest, name: secretName };
}

function* keyFiles(
  resource: 'configmaps' | 'secrets',
  source: ConfigMapSource,
  pod: Pod,
  store: ObjectStore,
  defaultMode: number,
): Generator<[string, ProjectedFile]> {
  const name = source.name ?? '';
  const data = objectData(resource, pod.metadata.namespace ?? 'default', name, source.optional, store);
  if (data === undefined) return;
  const items = source.items ?? [...data.keys()].map((key) => ({ key, path: key, mode: undefined }));
  for (const item of items) {
    const value = data.get(item.key);
    if (value !== undefined) yield [item.path, { data: value, mode: item.mode ?? defaultMode }];
    else if (source.optional !== true) throw new ConfigError(`references non-existent key: ${item.key} of "${name}"`);
  }
}

function* fieldFiles(source: DownwardSource, pod: Pod, defaultMode: number): Generator<[string, ProjectedFile]> {
  for (const item of source.items ?? []) {
    if (item.fieldRef === undefined)
      throw new ConfigError(`downwardAPI item ${item.path}: only fieldRef is offered here`);
    const data = Buffer.from(fieldValue(pod, item.fieldRef.fieldPath));
    yield [item.path, { data, mode: item.mode ?? defaultMode }];
  }
}

function checkPath(path: string): string {
  if (path === '' || path.startsWith('/') || path.startsWith('..') || path.split('/').includes('..')) {
    throw new ConfigError(`the path ${JSON.stringify(path)} leads out of the volume`);
  }
  return path;
}
