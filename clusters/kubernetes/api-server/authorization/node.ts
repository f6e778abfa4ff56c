import type { V1Container, V1PodSpec } from '@kubernetes/client-node';
import type { UserInfo } from '../model/user.ts';
import type { ResourceAttributes } from '../model/attributes.ts';
import type { KubeObject, Stored } from '../model/types.ts';
import type { MemoryStore } from '../store/memory-store.ts';
import type { PolicyRule } from './types.ts';

const PREFIX = 'system:node:';
const LEASES = 'kube-node-lease';

/** Returns the name of the node that a user is, or undefined (Kubernetes, "Using Node Authorization"). */
export const nodeNameOf = ({ username, groups }: UserInfo): string | undefined =>
  username.startsWith(PREFIX) && groups.includes('system:nodes') ? username.slice(PREFIX.length) : undefined;

/** Rights of all nodes, for the supported kinds (Kubernetes, pkg `bootstrappolicy`, `NodeRules`). */
export const NODE_RULES: readonly PolicyRule[] = [
  { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
  {
    apiGroups: ['authorization.k8s.io'],
    resources: ['subjectaccessreviews', 'localsubjectaccessreviews'],
    verbs: ['create'],
  },
  { apiGroups: [''], resources: ['services'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: [''], resources: ['events'], verbs: ['create', 'update', 'patch'] },
];

export type PodSpec = Stored<V1PodSpec>;
type Reference = { readonly name?: string } | null | undefined;

/** Returns the names of a pod's secrets or config maps: in volumes, variables, and as pull secrets. */
function referencedNames(spec: PodSpec, kind: 'secret' | 'configMap'): ReadonlySet<string> {
  const nameIn = (reference: Reference): string => reference?.name ?? '';
  const containers = [
    ...(spec.initContainers ?? []),
    ...(spec.containers ?? []),
    ...((spec.ephemeralContainers ?? []) as readonly Stored<V1Container>[]),
  ];
  const inContainers = containers.flatMap(({ env, envFrom }) => [
    ...(env ?? []).map(({ valueFrom }) => nameIn(valueFrom?.[`${kind}KeyRef`])),
    ...(envFrom ?? []).map((source) => nameIn(source[`${kind}Ref`])),
  ]);
  const inVolumes = (spec.volumes ?? []).flatMap((volume) => [
    kind === 'secret' ? (volume.secret?.secretName ?? '') : nameIn(volume.configMap),
    ...(volume.projected?.sources ?? []).map((source) => nameIn(source[kind])),
  ]);
  const pullSecrets = kind === 'secret' ? (spec.imagePullSecrets ?? []).map(nameIn) : [];
  return new Set([...inContainers, ...inVolumes, ...pullSecrets].filter((name) => name !== ''));
}

const specOf = (pod: KubeObject): PodSpec => pod['spec'] as PodSpec;

/**
 * Decides requests of a node as the Node authorizer of Kubernetes 1.34, which limits nodes to objects of their pods
 * (plugin/pkg/auth/authorizer/node). Returns true, the reason of a refusal, or undefined if only `NODE_RULES` apply.
 */
export function decideForNode(
  store: MemoryStore,
  node: string,
  attributes: ResourceAttributes,
): true | string | undefined {
  const { group, resource, subresource = '', verb, name = '', namespace = '', fields = {} } = attributes;
  const isRead = ['get', 'list', 'watch'].includes(verb);
  const related = (isReferenced: (pod: KubeObject) => boolean): true | string => {
    if (name === '') return 'No Object name found';
    const isRelated = store.list('pods', namespace).some((pod) => specOf(pod).nodeName === node && isReferenced(pod));
    return isRelated || `no relationship found between node '${node}' and this object`;
  };
  switch (group === '' ? resource : `${resource}.${group}`) {
    case 'secrets':
    case 'configmaps':
      if (!isRead) return 'can only read resources of this type';
      if (subresource !== '') return 'cannot read subresource';
      if (namespace === '') return 'can only read namespaced object of this type';
      return related((pod) => referencedNames(specOf(pod), resource === 'secrets' ? 'secret' : 'configMap').has(name));
    case 'serviceaccounts': {
      const isOwn = (pod: KubeObject): boolean => specOf(pod).serviceAccountName === name;
      // For image pull credentials (KEP-4412).
      if (verb === 'get' && subresource === '') return related(isOwn);
      if (verb !== 'create' || name === '') return 'can only create tokens for individual service accounts';
      if (subresource !== 'token') return 'can only create token subresource of serviceaccount';
      return related(isOwn);
    }
    case 'pods':
      if (subresource === 'status') return verb === 'update' || verb === 'patch' || '';
      if (subresource === 'eviction') return verb === 'create' || '';
      if (subresource !== '') return '';
      // NodeRestriction limits these.
      if (verb === 'create' || verb === 'delete') return true;
      if (!isRead) return '';
      if (verb !== 'get' && fields['spec.nodeName'] === node) return true;
      if (verb !== 'get' && name === '') return 'can only list/watch pods with spec.nodeName field selector';
      return related(({ metadata }) => metadata.name === name);
    case 'nodes':
      // NodeRestriction limits these.
      if (['update', 'patch'].includes(verb) && ['', 'status'].includes(subresource)) return true;
      if (verb === 'create' && subresource === '') return true;
      if (!isRead || subresource !== '') return '';
      if (name === '') return `node '${node}' cannot read all nodes, only its own Node object`;
      return name === node || `node '${node}' cannot read '${name}', only its own Node object`;
    case 'leases.coordination.k8s.io':
      if (!['get', 'create', 'update', 'patch', 'delete'].includes(verb))
        return 'can only get, create, update, patch, or delete a node lease';
      if (namespace !== LEASES) return `can only access leases in the "${LEASES}" system namespace`;
      // NodeRestriction checks the name of a new one.
      if (verb === 'create' || name === node) return true;
      return 'can only access node lease with the same name as the requesting node';
    default:
      return undefined;
  }
}
