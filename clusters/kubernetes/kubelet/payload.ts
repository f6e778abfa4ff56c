import type { V1ConfigMapProjection, V1DownwardAPIProjection, V1VolumeProjection } from '@kubernetes/client-node';
import type { ObjectStore, Stored } from '../api-server/model/types.ts';
import { objectData, ConfigError, fieldValue } from './environment.ts';
import { runAs } from './spec.ts';
import type { Pod, PodSpec, Volume } from './spec.ts';
import type { PodTokens } from './tokens.ts';

export interface ProjectedFile {
  readonly data: Buffer;
  /** File mode bits. */
  readonly mode: number;
  /** Default: the kubelet's user. */
  readonly uid?: number;
  readonly gid?: number;
}

/** Files by relative path, which the API server keeps inside the volume. */
export type Payload = ReadonlyMap<string, ProjectedFile>;

export interface PayloadSources {
  readonly store: ObjectStore;
  readonly tokens: PodTokens;
}

const DEFAULT_MODE = 0o644;

const sourceOf = ({ projected, configMap, secret, downwardAPI }: Volume) =>
  projected ?? configMap ?? secret ?? downwardAPI;

/** Returns whether the kubelet writes a volume's files. */
export const isProjection = (volume: Volume): boolean => sourceOf(volume) !== undefined;

/** Returns a volume's current files. Throws `ConfigError`. */
export async function payloadOf(volume: Volume, pod: Pod, { store, tokens }: PayloadSources): Promise<Payload> {
  const files = new Map<string, ProjectedFile>();
  const group = pod.spec.securityContext?.fsGroup;
  const defaultMode = sourceOf(volume)?.defaultMode ?? DEFAULT_MODE;
  const { projected, secret } = volume;
  const volumeSource = secret === undefined ? volume : { secret: { ...secret, name: secret.secretName ?? '' } };
  for (const source of projected === undefined ? [volumeSource] : (projected.sources ?? [])) {
    const { configMap, secret, downwardAPI, serviceAccountToken } = source as Stored<V1VolumeProjection>;
    const entries = async (): Promise<Iterable<[string, ProjectedFile]>> => {
      if (configMap !== undefined) return keyFiles('configmaps', configMap, pod, store, defaultMode);
      if (secret !== undefined) return keyFiles('secrets', secret, pod, store, defaultMode);
      if (downwardAPI !== undefined) return fieldFiles(downwardAPI, pod, defaultMode);
      if (serviceAccountToken === undefined)
        throw new ConfigError(`projected source ${Object.keys(source).join()} is not supported`);
      const token = await tokens.current(pod, serviceAccountToken);
      return [[serviceAccountToken.path, tokenFile(token, pod.spec, defaultMode)]];
    };
    for (const [path, file] of await entries()) files.set(path, group === undefined ? file : ofGroup(file, group));
  }
  return files;
}

/** Adds access for the fsGroup (Kubernetes, "Configure a Security Context for a Pod or Container"). */
const ofGroup = (file: ProjectedFile, gid: number): ProjectedFile => ({ ...file, gid, mode: file.mode | 0o440 });

/** Returns a token file, private if all containers share a user or the pod has an fsGroup (Kubernetes, "File permission"). */
function tokenFile(token: string, spec: PodSpec, defaultMode: number): ProjectedFile {
  const users = new Set([...(spec.initContainers ?? []), ...spec.containers].map((c) => runAs(spec, c).runAsUser));
  const uid = users.size === 1 ? [...users][0] : undefined;
  const mode = uid === undefined && spec.securityContext?.fsGroup === undefined ? defaultMode : 0o600;
  return { data: Buffer.from(token), mode, ...(uid === undefined ? {} : { uid }) };
}

function* keyFiles(
  resource: 'configmaps' | 'secrets',
  source: Stored<V1ConfigMapProjection>,
  pod: Pod,
  store: ObjectStore,
  defaultMode: number,
): Generator<[string, ProjectedFile]> {
  const name = source.name ?? '';
  const data = objectData(resource, pod.metadata.namespace ?? 'default', name, source.optional, store);
  if (data === undefined) return;
  const all = [...data.keys()].map((key) => ({ key, path: key, mode: undefined }));
  const items = source.items?.length ? source.items : all;
  for (const item of items) {
    const value = data.get(item.key);
    if (value !== undefined) yield [item.path, { data: value, mode: item.mode ?? defaultMode }];
    else if (source.optional !== true) throw new ConfigError(`references non-existent key: ${item.key} of "${name}"`);
  }
}

function* fieldFiles(
  source: Stored<V1DownwardAPIProjection>,
  pod: Pod,
  defaultMode: number,
): Generator<[string, ProjectedFile]> {
  for (const item of source.items ?? []) {
    if (item.fieldRef === undefined) throw new ConfigError(`downwardAPI item ${item.path}: only fieldRef is supported`);
    const data = Buffer.from(fieldValue(pod, item.fieldRef.fieldPath));
    yield [item.path, { data, mode: item.mode ?? defaultMode }];
  }
}
