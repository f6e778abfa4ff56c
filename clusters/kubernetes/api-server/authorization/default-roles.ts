import type { MemoryStore } from '../store/memory-store.ts';
import defaults from './default-roles.json' with { type: 'json' };

const RBAC_GROUP = 'rbac.authorization.k8s.io';

/** Creates Kubernetes's default cluster roles for the supported kinds, and the bindings of their groups. */
export function createDefaultRoles(store: MemoryStore): void {
  const apiVersion = `${RBAC_GROUP}/v1`;
  const meta = {
    annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
    labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' },
  };
  for (const [name, rules] of Object.entries(defaults.roles)) {
    store.create('clusterroles', { apiVersion, kind: 'ClusterRole', metadata: { name, ...meta }, rules });
  }
  for (const [name, groups] of Object.entries(defaults.bindings)) {
    store.create('clusterrolebindings', {
      apiVersion,
      kind: 'ClusterRoleBinding',
      metadata: { name, ...meta },
      roleRef: { apiGroup: RBAC_GROUP, kind: 'ClusterRole', name },
      subjects: groups.map((group) => ({ apiGroup: RBAC_GROUP, kind: 'Group', name: group })),
    });
  }
}
