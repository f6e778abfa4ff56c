import { roleName } from '../checks/cases.ts';
import { shellWord } from '../checks/commands.ts';
import type { ObjectName } from '../snapshot/object-name.ts';
import type { Statement } from '../facts/statements.ts';

interface OfAddon {
  readonly cluster: string;
  readonly addonName: string;
}
interface OfRole {
  readonly roleArn: string;
  readonly statement: Statement;
}
interface OfRolePolicy extends OfRole {
  readonly policyName: string;
}
interface OfServiceAccount {
  /** The name on EKS. */
  readonly cluster: string;
  /** The context of the kubeconfig. */
  readonly context: string;
  readonly namespace: string;
  readonly serviceAccount: string;
}
interface OfAssociation extends OfServiceAccount {
  readonly roleArn: string;
  readonly targetRoleArn?: string;
}
interface OfAnnotation extends OfServiceAccount {
  readonly roleArn: string;
}

/** Changes, each by one API call. A trust policy changes by statements, so that steps of several service accounts do not overwrite each other. */
interface Changes {
  readonly CreateAddon: OfAddon;
  readonly DeleteAddon: OfAddon;
  readonly CreateRole: OfRole;
  readonly DeleteRole: OfRole;
  readonly AddTrustStatement: OfRole;
  /** Without a replacement, it removes the statement. */
  readonly ReplaceTrustStatement: OfRole & { readonly replacement?: Statement };
  readonly PutRolePolicy: OfRolePolicy;
  readonly DeleteRolePolicy: OfRolePolicy;
  readonly CreatePodIdentityAssociation: OfAssociation;
  readonly DeletePodIdentityAssociation: OfAssociation;
  readonly RestartPods: OfServiceAccount & { readonly workloads: readonly ObjectName[] };
  readonly RemoveRoleAnnotation: OfAnnotation;
  readonly SetRoleAnnotation: OfAnnotation;
}

export type ActionOf<Type extends keyof Changes> = { readonly type: Type } & Changes[Type];
export type Action = { [Type in keyof Changes]: ActionOf<Type> }[keyof Changes];

interface Description {
  /** Undefined for actions that only undo others, and `effect` also if it depends on the service account. */
  readonly title?: string;
  /** What pods notice. */
  readonly effect?: string;
  /** Commands of the AWS CLI and kubectl. */
  readonly commands: readonly string[];
  /** The action that takes it back. */
  readonly inverse: Action;
}

export const describe = (action: Action): Description =>
  (DESCRIPTIONS[action.type] as (action: Action) => Description)(action);

const DESCRIPTIONS: { readonly [Type in keyof Changes]: (action: ActionOf<Type>) => Description } = {
  CreateAddon: (action) => ({
    title: `Install the add-on ${action.addonName} on cluster ${action.cluster}`,
    effect: 'Starts an agent on each node. Pods keep their credentials.',
    commands: [`aws eks create-addon --cluster-name ${action.cluster} --addon-name ${action.addonName}`],
    inverse: { ...action, type: 'DeleteAddon' },
  }),
  DeleteAddon: (action) => ({
    commands: [`aws eks delete-addon --cluster-name ${action.cluster} --addon-name ${action.addonName}`],
    inverse: { ...action, type: 'CreateAddon' },
  }),
  CreateRole: (action) => ({
    title: `Create role ${roleName(action.roleArn)}, which Pod Identity can assume`,
    commands: [
      `${roleCommand('create-role', action)} --assume-role-policy-document ${quoted(policyOf(action.statement))}`,
    ],
    inverse: { ...action, type: 'DeleteRole' },
  }),
  DeleteRole: (action) => ({
    commands: [roleCommand('delete-role', action)],
    inverse: { ...action, type: 'CreateRole' },
  }),
  AddTrustStatement: (action) => ({
    title: `Add a statement to the trust policy of role ${roleName(action.roleArn)}`,
    commands: changeTrust(action, '. + [$new]', { new: action.statement }),
    inverse: { ...action, type: 'ReplaceTrustStatement' },
  }),
  ReplaceTrustStatement: (action) => {
    const { roleArn, statement: old, replacement } = action;
    return {
      title: `${replacement ? 'Narrow' : 'Remove'} the statement for IRSA in the trust policy of role ${roleName(roleArn)}`,
      effect: 'Pods with Pod Identity keep their role. A pod that still uses IRSA loses it within an hour.',
      commands: replacement
        ? changeTrust(action, 'map(if . == $old then $new else . end)', { old, new: replacement })
        : changeTrust(action, 'map(select(. != $old))', { old }),
      inverse: replacement
        ? { type: 'ReplaceTrustStatement', roleArn, statement: replacement, replacement: old }
        : { type: 'AddTrustStatement', roleArn, statement: old },
    };
  },
  PutRolePolicy: (action) => ({
    title: `Let role ${roleName(action.roleArn)} pass on its session tags`,
    commands: [
      `${roleCommand('put-role-policy', action)} --policy-name ${action.policyName} --policy-document ${quoted(policyOf(action.statement))}`,
    ],
    inverse: { ...action, type: 'DeleteRolePolicy' },
  }),
  DeleteRolePolicy: (action) => ({
    commands: [`${roleCommand('delete-role-policy', action)} --policy-name ${action.policyName}`],
    inverse: { ...action, type: 'PutRolePolicy' },
  }),
  CreatePodIdentityAssociation: (action) => {
    const { namespace, serviceAccount, roleArn, targetRoleArn: target } = action;
    return {
      title: `Create the association of ${namespace}/${serviceAccount}`,
      commands: [
        `aws eks create-pod-identity-association ${placeOf(action)} --role-arn ${roleArn}${target === undefined ? '' : ` --target-role-arn ${target}`}`,
      ],
      inverse: { ...action, type: 'DeletePodIdentityAssociation' },
    };
  },
  DeletePodIdentityAssociation: (action) => ({
    commands: [
      `id=$(aws eks list-pod-identity-associations ${placeOf(action)} --query 'associations[0].associationId' --output text)`,
      `aws eks delete-pod-identity-association --cluster-name ${action.cluster} --association-id "$id"`,
    ],
    inverse: { ...action, type: 'CreatePodIdentityAssociation' },
  }),
  RestartPods: (action) => ({
    title: `Restart the pods of ${action.namespace}/${action.serviceAccount}, at least 10 seconds after the association`,
    commands: action.workloads.map(({ kind, name }) =>
      /^(?:Deployment|StatefulSet|DaemonSet)$/.test(kind)
        ? `${kubectl(action)} rollout restart ${kind.toLowerCase()}/${name}`
        : `${kubectl(action)} delete ${kind.toLowerCase()} ${name} # then create it again, unless its owner does`,
    ),
    inverse: action,
  }),
  RemoveRoleAnnotation: (action) => ({
    title: `Remove the role annotation of ${action.namespace}/${action.serviceAccount} when no pod uses IRSA`,
    effect: 'The webhook already ignores it, because it looks up the association first.',
    commands: [`${kubectl(action)} annotate serviceaccount ${action.serviceAccount} eks.amazonaws.com/role-arn-`],
    inverse: { ...action, type: 'SetRoleAnnotation' },
  }),
  SetRoleAnnotation: (action) => ({
    commands: [
      `${kubectl(action)} annotate serviceaccount ${action.serviceAccount} eks.amazonaws.com/role-arn=${action.roleArn}`,
    ],
    inverse: { ...action, type: 'RemoveRoleAnnotation' },
  }),
};

const quoted = (value: unknown): string => shellWord(JSON.stringify(value));
const policyOf = (statement: unknown): object => ({ Version: '2012-10-17', Statement: [statement] });

/** Returns a command for a role. One of another account needs its credentials. */
const roleCommand = (name: string, { roleArn }: OfRole): string => `aws iam ${name} --role-name ${roleName(roleArn)}`;
const placeOf = ({ cluster, namespace, serviceAccount }: OfServiceAccount): string =>
  `--cluster-name ${cluster} --namespace ${namespace} --service-account ${serviceAccount}`;
const kubectl = ({ context, namespace }: OfServiceAccount): string =>
  `kubectl --context ${shellWord(context)} -n ${namespace}`;

/** Reads a trust policy, changes its statements by a jq filter, and writes it. */
function changeTrust(role: OfRole, filter: string, values: Readonly<Record<string, Statement>>): readonly string[] {
  const given = Object.entries(values).map(([name, value]) => `--argjson ${name} ${quoted(value)}`);
  return [
    `${roleCommand('get-role', role)} --query Role.AssumeRolePolicyDocument --output json | jq ${given.join(' ')} '.Statement |= ([.] | flatten | ${filter})' >trust.json`,
    `${roleCommand('update-assume-role-policy', role)} --policy-document file://trust.json`,
  ];
}
