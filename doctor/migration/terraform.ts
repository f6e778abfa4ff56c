import { roleName } from '../checks/cases.ts';
import type { Action, Statement } from './action.ts';

const text = (value: unknown): string => JSON.stringify(value).replaceAll('${', '$${');
const list = (value: unknown): string => `[${[value].flat().map(text).join(', ')}]`;
const identifier = (name: string): string => name.replace(/^(?=\d)/, '_').replaceAll(/[^\w-]/g, '_');

/** Returns a block of Terraform for an action; undefined if the configuration loses something instead. */
export function terraformOf(action: Action): string | undefined {
  switch (action.type) {
    case 'CreateAddon':
      return block('resource "aws_eks_addon" "pod_identity_agent"', [
        `cluster_name = ${text(action.cluster)}`,
        `addon_name   = ${text(action.addonName)}`,
      ]);
    case 'CreateRole':
      return block(`resource "aws_iam_role" "${identifier(roleName(action.roleArn))}"`, [
        `name               = ${text(roleName(action.roleArn))}`,
        `assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [${text(action.statement)}] })`,
      ]);
    case 'AddTrustStatement':
      return `# In the aws_iam_policy_document of the trust policy of role ${roleName(action.roleArn)}:\n${statementBlock(action.statement)}`;
    case 'PutRolePolicy':
      return block(`resource "aws_iam_role_policy" "${identifier(action.policyName)}"`, [
        `name   = ${text(action.policyName)}`,
        `role   = ${text(roleName(action.roleArn))}`,
        `policy = jsonencode({ Version = "2012-10-17", Statement = [${text(action.statement)}] })`,
      ]);
    case 'CreatePodIdentityAssociation':
      return block(
        `resource "aws_eks_pod_identity_association" "${identifier(`${action.namespace}_${action.serviceAccount}`)}"`,
        [
          `cluster_name    = ${text(action.cluster)}`,
          `namespace       = ${text(action.namespace)}`,
          `service_account = ${text(action.serviceAccount)}`,
          `role_arn        = ${text(action.roleArn)}`,
          ...(action.targetRoleArn === undefined ? [] : [`target_role_arn = ${text(action.targetRoleArn)}`]),
        ],
      );
    default:
      return undefined;
  }
}

const block = (head: string, lines: readonly string[]): string =>
  [`${head} {`, ...lines.flatMap((line) => line.split('\n').map((one) => `  ${one}`)), '}'].join('\n');

function statementBlock({ Sid, Action: actions, Principal, Condition = {} }: Statement): string {
  const conditions = Object.entries(Condition as Record<string, Record<string, unknown>>).flatMap(([test, keys]) =>
    Object.entries(keys).map(([variable, values]) =>
      block('condition', [`test     = ${text(test)}`, `variable = ${text(variable)}`, `values   = ${list(values)}`]),
    ),
  );
  const principals = Object.entries(Principal as Record<string, unknown>).map(([type, identifiers]) =>
    block('principals', [`type        = ${text(type)}`, `identifiers = ${list(identifiers)}`]),
  );
  return block('statement', [`sid     = ${text(Sid)}`, `actions = ${list(actions)}`, ...principals, ...conditions]);
}
