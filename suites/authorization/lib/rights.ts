/** Cluster roles and bindings that exist during a check. */
import { expect } from 'chai';
import type { CheckContext } from '../../../harness/index.ts';
import { GROUP, ofCore, type Rule as ResourceRule } from '../../lib/rbac.ts';

export const CLUSTER_ROLES = `/apis/${GROUP}/v1/clusterroles`;
export const CLUSTER_ROLE_BINDINGS = `/apis/${GROUP}/v1/clusterrolebindings`;
const APP = '<namespace:app>';
export type ClusterRule =
  ResourceRule | { readonly nonResourceURLs: readonly string[]; readonly verbs: readonly string[] };
export const rulesOf = (rules: readonly ClusterRule[]) =>
  rules.map((rule) => ('resources' in rule ? ofCore(rule) : rule));
export const object = (kind: string, name: string, more: object) => ({
  apiVersion: `${GROUP}/v1`,
  kind,
  metadata: { name },
  ...more,
});
export const roleRefTo = (kind: 'Role' | 'ClusterRole', name: string) => ({ roleRef: { apiGroup: GROUP, kind, name } });
/** Grants a subject rights in the whole cluster while `run` runs, and removes them afterwards. */
export async function withRights(
  { kubernetes, name }: CheckContext,
  { rules, subject }: { readonly rules: readonly ClusterRule[]; readonly subject: object },
  run: (role: string) => Promise<void>,
): Promise<void> {
  const role = name(`${APP}-rights`);
  const post = (path: string, body: object) => kubernetes({ method: 'POST', path, body });
  try {
    const made = object('ClusterRole', role, { rules: rulesOf(rules) });
    expect(await post(CLUSTER_ROLES, made), `cluster role ${role}`).to.include({ status: 201 });
    const bound = object('ClusterRoleBinding', role, { ...roleRefTo('ClusterRole', role), subjects: [subject] });
    expect(await post(CLUSTER_ROLE_BINDINGS, bound), `binding of ${role}`).to.include({ status: 201 });
    await run(role);
  } finally {
    for (const path of [CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES])
      await kubernetes({ method: 'DELETE', path: `${path}/${role}` });
  }
}
