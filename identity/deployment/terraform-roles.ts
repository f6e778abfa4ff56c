import { listOf, objectOf, textOf } from '../../foundation/node/json.ts';
import * as model from './deployment.ts';
import type { Resource, TerraformPlan } from './terraform-plan.ts';

const { Unknown } = model;
const ATTACHMENTS = ['aws_iam_role_policy_attachment', 'aws_iam_policy_attachment'];
export const isSet = (value: unknown): boolean => value !== undefined && value !== null && value !== '';

/** Returns whether an attribute has the value of a resource, or refers to it as long as that is unknown; undefined: it may. */
export function leadsTo(
  plan: TerraformPlan,
  from: Resource,
  attribute: string,
  to: Resource,
  value: unknown,
): boolean | undefined {
  const given = listOf(from.values[attribute]).filter(isSet);
  if (value !== undefined && given.includes(value)) return true;
  if (!plan.isAfterApply(from, attribute)) return false;
  if (given.length > 0) return undefined;
  const all = plan.referred(from, attribute, to.type);
  const isAmong = all === undefined || all.some(({ address }) => address === to.address);
  return isAmong && all?.length !== 1 ? undefined : isAmong;
}

/** Returns a role with its policies, as IAM has them after apply. */
export function roleOf(plan: TerraformPlan, role: Resource, around: model.Surroundings): model.DeployedRole {
  const { address, values } = role;
  const name = textOf(values['name']);
  const arn = textOf(values['arn']);
  const links = (one: Resource) =>
    ['role', 'roles', 'role_name'].map((attribute) => [attribute, leadsTo(plan, one, attribute, role, name)] as const);
  const isOfRole = (one: Resource): boolean => links(one).some(([, isOf]) => isOf !== false);
  /** Returns the text, unless the resource may be of another role. */
  const orUnsure = (one: Resource, text: model.Known<string>): model.Known<string> => {
    const [unsure] = links(one).filter(([, isOf]) => isOf === undefined);
    return unsure === undefined ? text : plan.afterApply(one, unsure[0]);
  };
  const [allowedNames, allowedArns] = [
    ['aws_iam_role_policies_exclusive', 'policy_names'] as const,
    ['aws_iam_role_policy_attachments_exclusive', 'policy_arns'] as const,
  ].map(([type, attribute]) => {
    const [exclusive] = plan.ofType(type).filter(isOfRole);
    return exclusive && plan.texts(exclusive, attribute);
  });
  const attachments = plan.ofType(...ATTACHMENTS).filter(isOfRole);
  const attached = [
    ...attachments.flatMap((one) =>
      attachedTo(plan, one, 'policy_arn', attachments).map((policy) => ({
        ...policy,
        text: orUnsure(one, policy.text),
      })),
    ),
    ...attachedTo(plan, role, 'managed_policy_arns', [role]).filter(
      (one) =>
        plan.isConfigured(role, 'managed_policy_arns') || !wasManaged(plan, ATTACHMENTS, 'policy_arn', one.arn, name),
    ),
  ].filter(({ arn: one }) => allowedArns === undefined || one === undefined || allowedArns.includes(one));
  const inline = plan.ofType('aws_iam_role_policy').filter(isOfRole);
  const names = new Set(inline.map((one) => textOf(one.values['name'])));
  const blocks = listOf(values['inline_policy'])
    .map(objectOf)
    .filter(
      (one) =>
        isSet(one['name']) &&
        !names.has(textOf(one['name'])) &&
        (plan.isConfigured(role, 'inline_policy') ||
          !wasManaged(plan, ['aws_iam_role_policy'], 'name', one['name'], name)),
    );
  const isKept = (one: unknown): boolean =>
    allowedNames === undefined || typeof one !== 'string' || allowedNames.includes(one);
  const late =
    plan.isConfigured(role, 'inline_policy') &&
    !Array.isArray(values['inline_policy']) &&
    plan.isAfterApply(role, 'inline_policy');
  const boundary = attachedTo(plan, role, 'permissions_boundary', [role]);
  const providers = Object.values(objectOf(objectOf(plan.content['configuration'])['provider_config'])).map(objectOf);
  const hasDefaultTags = providers.some((one) => 'default_tags' in objectOf(one['expressions']));
  return {
    address,
    ...model.roleNames(address, name, textOf(values['path']), around),
    ...(arn !== undefined && { arn }),
    // Default tags of the provider are in `tags_all` only.
    tags: { ...objectOf(values['tags']), ...objectOf(values['tags_all']) } as Readonly<Record<string, string>>,
    unknownTags: [
      ...(plan.isAfterApply(role, 'tags') ? ['tags'] : []),
      ...(hasDefaultTags && plan.isAfterApply(role, 'tags_all') ? ['tags_all'] : []),
    ].map((one) => `${address}.${one}`),
    trust: plan.required(role, 'assume_role_policy'),
    policies: [
      ...blocks
        .filter((one) => isKept(one['name']))
        .map((one): model.DeployedPolicy => ({
          ...{ kind: 'inline', address, policy: String(one['name']) },
          text: textOf(one['policy']) ?? plan.afterApply(role, 'inline_policy'),
        })),
      ...(late && 'configuration' in plan.content
        ? [{ kind: 'inline', address, text: plan.afterApply(role, 'inline_policy') } as const]
        : []),
      ...inline
        .filter((one) => isKept(textOf(one.values['name'])))
        .map((one): model.DeployedPolicy => ({
          kind: 'inline',
          address: one.address,
          text: orUnsure(one, plan.required(one, 'policy')),
        })),
      ...unique(attached).map(({ arn: _arn, ...policy }): model.DeployedPolicy => ({ kind: 'attached', ...policy })),
      ...unique(boundary).map(({ arn: _arn, ...policy }): model.DeployedPolicy => ({ kind: 'boundary', ...policy })),
    ],
  };
}

/** Whether a computed attribute has the value because of a resource of the plan or of the state before it. */
const wasManaged = (
  plan: TerraformPlan,
  types: readonly string[],
  attribute: string,
  value: unknown,
  role: unknown,
): boolean =>
  [...plan.prior, ...plan.resources].some(
    (one) =>
      types.includes(one.type) &&
      one.values[attribute] === value &&
      [one.values['role'], ...listOf(one.values['roles'])].includes(role),
  );

interface Attached extends Pick<model.DeployedPolicy, 'address' | 'text' | 'isElsewhere'> {
  readonly arn?: string;
}

const unique = (policies: readonly Attached[]): Attached[] => [
  ...new Map(policies.map((one) => [one.address, one])).values(),
];

/** Returns the managed policies of an attribute. `similar`: resources that each attach one of the policies that they refer to. */
function attachedTo(plan: TerraformPlan, from: Resource, attribute: string, similar: readonly Resource[]): Attached[] {
  const toPolicy = (one: Resource): Attached => {
    const arn = textOf(one.values['arn']);
    return { address: one.address, text: plan.required(one, 'policy'), ...(arn !== undefined && { arn }) };
  };
  const all = plan.resources.filter(({ type }) => type === 'aws_iam_policy');
  const given = listOf(from.values[attribute]).filter(isSet).map(String);
  const policies = given.map((arn): Attached => {
    const policy = all.find(({ values }) => values['arn'] === arn);
    if (policy) return toPolicy(policy);
    return {
      address: arn,
      arn,
      isElsewhere: true,
      text: new Unknown('the file does not contain it; use --permissions'),
    };
  });
  if (!plan.isAfterApply(from, attribute) || !plan.isConfigured(from, attribute)) return policies;
  const candidates = plan.referred(from, attribute, 'aws_iam_policy');
  const others = similar.filter((one) => plan.isAfterApply(one, attribute) && base(one) === base(from)).length;
  const isAll = from.type === 'aws_iam_role' && attribute === 'managed_policy_arns';
  if (candidates !== undefined && candidates.length > 0 && (isAll || candidates.length <= others))
    return [...policies, ...candidates.map(toPolicy)];
  return [
    ...policies,
    { address: `${from.address}.${attribute}`, isElsewhere: true, text: plan.afterApply(from, attribute) },
  ];
}

const base = ({ address }: Resource): string => address.replace(/\[[^[\]]*\]$/, '');
