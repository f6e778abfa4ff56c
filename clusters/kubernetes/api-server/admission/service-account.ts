import { forbidden } from '../model/errors.ts';
import { API_TOKEN_EXPIRATION_SECONDS } from '../identity/token-issuer.ts';
import { nameSuffix, type MemoryStore } from '../store/memory-store.ts';
import type { JsonObject } from '../patch/merge-patch.ts';
import type { KubeObject } from '../model/types.ts';
import { objectsIn } from './pod-defaults.ts';

const PODS = { group: '', resource: 'pods' };
const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
const VOLUME = 'kube-api-access-';

function apiAccessVolume(name: string): JsonObject {
  const field = { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' }, path: 'namespace' };
  return {
    name,
    projected: {
      defaultMode: 420,
      sources: [
        { serviceAccountToken: { expirationSeconds: API_TOKEN_EXPIRATION_SECONDS, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [field] } },
      ],
    },
  };
}

function mountApiAccess(spec: JsonObject): void {
  const containers = [...objectsIn(spec['initContainers']), ...objectsIn(spec['containers'])];
  const without = containers.filter(
    (container) => !objectsIn(container['volumeMounts']).some((mount) => mount['mountPath'] === MOUNT_PATH),
  );
  if (without.length === 0) return;
  const volumes = objectsIn(spec['volumes']);
  const present = volumes.map((volume) => String(volume['name'])).find((volumeName) => volumeName.startsWith(VOLUME));
  const name = present ?? `${VOLUME}${nameSuffix()}`;
  if (present === undefined) spec['volumes'] = [...volumes, apiAccessVolume(name)];
  for (const container of without) {
    const mount = { name, readOnly: true, mountPath: MOUNT_PATH };
    container['volumeMounts'] = [...objectsIn(container['volumeMounts']), mount];
  }
}

/** Like the admission controller ServiceAccount: requires the account and mounts its API token. Throws `ApiError` 403. */
export function admitServiceAccount(pod: KubeObject, store: MemoryStore): void {
  const spec = pod['spec'] as JsonObject;
  const { name: podName, namespace = '' } = pod.metadata;
  const name = (spec['serviceAccountName'] || spec['serviceAccount'] || 'default') as string;
  spec['serviceAccountName'] = name;
  // The deprecated alias has the same value.
  spec['serviceAccount'] = name;
  const account = store.get('serviceaccounts', namespace, name);
  if (account === undefined) {
    const cause = `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`;
    throw forbidden(PODS, podName, cause);
  }
  if ((spec['automountServiceAccountToken'] ?? account['automountServiceAccountToken']) !== false) mountApiAccess(spec);
  const pullSecrets = account['imagePullSecrets'];
  if (objectsIn(spec['imagePullSecrets']).length === 0 && pullSecrets) {
    spec['imagePullSecrets'] = structuredClone(pullSecrets);
  }
}
