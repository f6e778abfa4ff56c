import { roleName } from '../checks/cases.ts';
import type { Action } from './action.ts';

const shellText = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
const quoted = (value: unknown): string => shellText(JSON.stringify(value));
const policyOf = (statement: unknown): object => ({ Version: '2012-10-17', Statement: [statement] });

/** Reads a trust policy, changes its statements by a jq filter, and writes it. A role of another account needs its credentials. */
const changeTrust = (roleArn: string, filter: string, values: Readonly<Record<string, unknown>>): readonly string[] => [
  `aws iam get-role --role-name ${roleName(roleArn)} --query Role.AssumeRolePolicyDocument --output json | jq ${Object.entries(
    values,
  )
    .map(([name, value]) => `--argjson ${name} ${quoted(value)}`)
    .join(' ')} '.Statement |= ([.] | flatten | ${filter})' >trust.json`,
  `aws iam update-assume-role-policy --role-name ${roleName(roleArn)} --policy-document file://trust.json`,
];

/** Returns the commands of the AWS CLI and kubectl that carry out an action. */
export function commandsOf(action: Action): readonly string[] {
  switch (action.type) {
    case 'CreateAddon':
    case 'DeleteAddon':
      return [
        `aws eks ${action.type === 'CreateAddon' ? 'create' : 'delete'}-addon --cluster-name ${action.cluster} --addon-name ${action.addonName}`,
      ];
    case 'CreateRole':
      return [
        `aws iam create-role --role-name ${roleName(action.roleArn)} --assume-role-policy-document ${quoted(policyOf(action.statement))}`,
      ];
    case 'DeleteRole':
      return [`aws iam delete-role --role-name ${roleName(action.roleArn)}`];
    case 'AddTrustStatement':
      return changeTrust(action.roleArn, '. + [$new]', { new: action.statement });
    case 'ReplaceTrustStatement':
      return action.replacement === undefined
        ? changeTrust(action.roleArn, 'map(select(. != $old))', { old: action.statement })
        : changeTrust(action.roleArn, 'map(if . == $old then $new else . end)', {
            old: action.statement,
            new: action.replacement,
          });
    case 'PutRolePolicy':
      return [
        `aws iam put-role-policy --role-name ${roleName(action.roleArn)} --policy-name ${action.policyName} --policy-document ${quoted(policyOf(action.statement))}`,
      ];
    case 'DeleteRolePolicy':
      return [`aws iam delete-role-policy --role-name ${roleName(action.roleArn)} --policy-name ${action.policyName}`];
    default:
      return commandsOfAccount(action);
  }
}

function commandsOfAccount(action: Extract<Action, { readonly serviceAccount: string }>): readonly string[] {
  const { cluster, context, namespace, serviceAccount } = action;
  const place = `--cluster-name ${cluster} --namespace ${namespace} --service-account ${serviceAccount}`;
  const kubectl = `kubectl --context ${/^[\w.:/@-]+$/.test(context) ? context : shellText(context)} -n ${namespace}`;
  switch (action.type) {
    case 'CreatePodIdentityAssociation': {
      const target = action.targetRoleArn === undefined ? '' : ` --target-role-arn ${action.targetRoleArn}`;
      return [`aws eks create-pod-identity-association ${place} --role-arn ${action.roleArn}${target}`];
    }
    case 'DeletePodIdentityAssociation':
      return [
        `id=$(aws eks list-pod-identity-associations ${place} --query 'associations[0].associationId' --output text)`,
        `aws eks delete-pod-identity-association --cluster-name ${cluster} --association-id "$id"`,
      ];
    case 'RestartPods':
      return action.workloads.map(({ kind, name }) =>
        /^(?:Deployment|StatefulSet|DaemonSet)$/.test(kind)
          ? `${kubectl} rollout restart ${kind.toLowerCase()}/${name}`
          : `${kubectl} delete ${kind.toLowerCase()} ${name} # then create it again, unless its owner does`,
      );
    case 'RemoveRoleAnnotation':
      return [`${kubectl} annotate serviceaccount ${serviceAccount} eks.amazonaws.com/role-arn-`];
    case 'SetRoleAnnotation':
      return [`${kubectl} annotate serviceaccount ${serviceAccount} eks.amazonaws.com/role-arn=${action.roleArn}`];
  }
}
