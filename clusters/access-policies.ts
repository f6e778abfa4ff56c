/** What gives the groups of EKS' access policies their rights in a cluster, where EKS has an authorizer of its own. */
const GROUP = 'rbac.authorization.k8s.io';
const ADMIN_VIEW = 'eks:admin-view';

const binding = (group: string, role: string) => ({
  apiVersion: `${GROUP}/v1`,
  kind: 'ClusterRoleBinding' as const,
  metadata: { name: group },
  roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name: role },
  subjects: [{ kind: 'Group', apiGroup: GROUP, name: group }],
});

/**
 * Rights in the whole cluster. Those of the policies are nearly those of Kubernetes' user-facing roles (EKS User Guide, "Review access
 * policy permissions"); who views as an administrator reads everything.
 */
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
