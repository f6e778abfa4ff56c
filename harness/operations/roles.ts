import { cluster, text, texts, type Schema } from '../scenario/form.ts';
import { DeleteRolePolicyCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { ignoreMissing } from '../../foundation/aws/missing.ts';
import { waitForIam } from '../world/iam.ts';
import {
  permissionStatements,
  trustPolicy,
  type ClusterAlias,
  type PermissionStatements,
  type RoleSpec,
} from '../scenario/policy.ts';
import {
  deleteRole as remove,
  putRolePolicy as put,
  recreateRole as recreate,
  updateTrust as update,
} from '../world/fixtures/roles.ts';
import { makeIn, clusterOf } from '../scenario/scenario-context.ts';
import { defineStep } from '../scenario/operation-registry.ts';

const common = { withoutKubernetes: true, changesIam: true } as const;
const ofRole = {
  ...common,
  refersTo: ({ role }: { readonly role: string }) => ({ roles: [role] }),
  changesRole: ({ role }: { readonly role: string }) => role,
};

export const putRolePolicy = defineStep(
  'PutRolePolicy',
  (role: string, ...permissions: PermissionStatements) => ({ role, permissions }),
  {
    ...ofRole,
    form: { role: text, permissions: permissionStatements },
    perform: ({ context }, { role, permissions }) => put(context, role, permissions),
  },
);
export const updateTrust = defineStep('UpdateTrust', (role: string, trust: RoleSpec['trust']) => ({ role, trust }), {
  ...ofRole,
  form: { role: text, trust: trustPolicy },
  perform: ({ context }, { role, trust }) => update(context, role, trust),
});
export const deleteRole = defineStep('DeleteRole', (role: string) => ({ role }), {
  ...ofRole,
  form: { role: text },
  perform: ({ context }, { role }) => remove(context, role),
});
export const recreateRole = defineStep('RecreateRole', (role: string) => ({ role }), {
  ...ofRole,
  form: { role: text },
  perform: ({ context }, { role }) => recreate(context, role),
});

/** Denies actions to the nodes' role by an inline policy, until the end of the scenario. The scenario runs alone. */
export const denyNode = defineStep(
  'DenyNode',
  (actions: string | readonly string[], cluster: ClusterAlias = 'c1') => ({
    cluster,
    actions: [actions].flat(),
  }),
  {
    ...common,
    form: { cluster, actions: texts as Schema<string[]> },
    refersTo: ({ cluster }) => ({ clusters: [cluster] }),
    needs: () => ['node-role'],
    isExclusive: () => true,
    perform: ({ context }, { cluster, actions }) => {
      const { iam } = context.environment.aws.clients('main');
      const RoleName = clusterOf(context, cluster).cluster.nodeRoleArn.split('/').at(-1);
      const PolicyName = `${context.scenario.id}-deny`;
      const Statement = [{ Effect: 'Deny', Action: actions, Resource: '*' }];
      const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
      return makeIn(context, {
        name: `policy ${PolicyName} of role ${RoleName}`,
        lives: 'aws',
        due: 'always',
        make: () => iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument })),
        remove: async () => {
          await ignoreMissing(() => iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName })));
          // The next scenario's pods use the same nodes.
          if (!context.signal.aborted) await waitForIam(context);
        },
      });
    },
  },
);
