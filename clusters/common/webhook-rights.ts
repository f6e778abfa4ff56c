const GROUP = 'rbac.authorization.k8s.io';
const READ = ['get', 'watch', 'list'];

interface Names {
  readonly name: string;
  readonly namespace: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Returns RBAC objects to read all service accounts, and config maps in the webhook's namespace. */
export function webhookRights({ namespace, ...metadata }: Names, subject: Readonly<Record<string, string>>) {
  const apiVersion = `${GROUP}/v1`;
  const inNamespace = { ...metadata, namespace };
  const bound = (kind: string) => ({
    roleRef: { apiGroup: GROUP, kind, name: metadata.name },
    subjects: [subject],
  });
  const reading = (resource: string) => [{ apiGroups: [''], resources: [resource], verbs: READ }];
  return [
    { apiVersion, kind: 'ClusterRole' as const, metadata, rules: reading('serviceaccounts') },
    { apiVersion, kind: 'ClusterRoleBinding' as const, metadata, ...bound('ClusterRole') },
    { apiVersion, kind: 'Role' as const, metadata: inNamespace, rules: reading('configmaps') },
    { apiVersion, kind: 'RoleBinding' as const, metadata: inNamespace, ...bound('Role') },
  ];
}
