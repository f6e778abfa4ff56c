/** Kubernetes roles for the groups of EKS's access policies, which EKS grants with its own authorizer. */
const GROUP = 'rbac.authorization.k8s.io';
const ADMIN_VIEW = 'eks:admin-view';

const binding = (group: string, role: string) => ({
  apiVersion: `${GROUP}/v1`,
  kind: 'ClusterRoleBinding' as const,
  metadata: { name: group },
  roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name: role },
  subjects: [{ kind: 'Group', apiGroup: GROUP, name: group }],
});

/** Cluster-wide rights, close to Kubernetes's user-facing roles (EKS User Guide, "Review access policy permissions"). */
export const ACCESS_POLICY_OBJECTS = [
  {
    apiVersion: `${GROUP}/v1`,
    kind: 'ClusterRole' as const,
    metadata: { name: ADMIN_VIEW },
    rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['get', 'list', 'watch'] }],
  },
  binding(ADMIN_VIEW, ADMIN_VIEW),
  ...['admin', 'edit', 'view'].map((role) => binding(`eks:${role}`, role)),
];
