import { isJsonObject, listOf, objectOf, textOf, type JsonObject } from '../../foundation/node/json.ts';
import { PolicyProblem, Unknown, type Known, type Surroundings, type UnreadPart } from './deployment.ts';
import { isConditionTrue, resolverOf } from './template-values.ts';
import { TerraformPlan, type Resource, type Side } from './terraform-plan.ts';

/** A policy of IAM, or an attachment, which may be for users, groups or roles outside of the files. */
export interface AttachedElsewhere {
  readonly address: string;
  readonly content: string;
  /** Names of roles that it is for, as far as they are known. */
  readonly roles: readonly string[];
  readonly isForOthers: boolean;
}

const names = (value: unknown): readonly string[] => listOf(value ?? []).filter((one) => typeof one === 'string');

function attachmentsOf(entries: readonly (readonly [address: string, type: string, values: JsonObject])[]) {
  return entries
    .filter(([, type]) =>
      /^(?:aws_iam_(?:policy|role_policy|role_policy_attachment|policy_attachment)|AWS::IAM::(?:ManagedPolicy|Policy|RolePolicy))$/.test(
        type,
      ),
    )
    .map(([address, , values]): AttachedElsewhere => {
      const lists = ['users', 'groups', 'Users', 'Groups'].flatMap((name) => listOf(values[name] ?? []));
      const roles = ['role', 'roles', 'RoleName', 'Roles'].flatMap((name) => names(values[name]));
      return { address, content: JSON.stringify(values), roles, isForOthers: lists.length > 0 };
    });
}

/** A policy of a queue, topic, key, bucket or any other resource. */
export interface ResourcePolicy {
  readonly address: string;
  /** JSON text. */
  readonly text: Known<string>;
  /** Patterns of the ARNs that it applies to; undefined if the file does not have them. */
  readonly resources?: readonly string[] | undefined;
}

export interface OtherPolicies {
  readonly resourcePolicies: readonly ResourcePolicy[];
  /** Parts that grant or limit access in ways that are not compared. */
  readonly unread: readonly UnreadPart[];
  readonly attachments: readonly AttachedElsewhere[];
}

/** Resources whose effect on access is not compared. */
const TERRAFORM_UNREAD =
  /^aws(?:cc)?_(?:vpc_endpoint|organizations_|ssoadmin_|ram_|lambda_(?:layer_version_)?permission|cloudwatch_event_permission|eks_access_|cognito_identity_pool_roles|cloudformation_stack|kms_grant|kms_ciphertext|s3control_|s3_bucket_(?:acl|public_access)|iam_(?:user|group|instance_profile|account)|rolesanywhere_|verifiedaccess_|lakeformation_)/;
const TEMPLATE_UNREAD =
  /^AWS::(?:EC2::VPCEndpoint$|Organizations::|SSO::|RAM::|Lambda::(?:LayerVersion)?Permission|Events::EventBusPolicy|EKS::AccessEntry|Cognito::IdentityPoolRole|CloudFormation::(?:Stack|StackSet)$|IAM::(?:User|Group|InstanceProfile)|RolesAnywhere::|LakeFormation::|Serverless::)/;
/** Resources whose policies are read as those of a role. */
const OF_ROLES = /^(?:aws_iam_|aws_eks_pod_identity_association|AWS::IAM::|AWS::EKS::PodIdentityAssociation)/;

/** Returns a policy document. Policies of some services, such as Amazon ECR, need no Resource element. */
const parsed = (value: unknown): JsonObject | undefined => {
  if (typeof value === 'string' && !value.includes('"Statement"')) return undefined;
  try {
    const document: unknown = typeof value === 'string' ? JSON.parse(value) : value;
    if (!isJsonObject(document) || !('Statement' in document)) return undefined;
    const statements = listOf(document['Statement']).map(objectOf);
    const Statement = statements.map((one) =>
      'NotResource' in one ? one : { ...one, Resource: one['Resource'] ?? '*' },
    );
    return { ...document, Statement };
  } catch {
    return undefined;
  }
};

/** Returns the policy documents in values of any depth. */
const documentsIn = (value: unknown): readonly JsonObject[] => {
  const document = parsed(value);
  if (document !== undefined) return [document];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(documentsIn) : [];
};

/** Returns the resources that all statements name, or the resource of the policy. */
export function scopeOf(document: JsonObject, resourceArn: string | undefined): readonly string[] | undefined {
  const named = listOf(document['Statement']).flatMap((one) => listOf(objectOf(one)['Resource'] ?? '*').map(String));
  const isNamed = named.length > 0 && named.every((one) => one.startsWith('arn:'));
  return isNamed ? [...new Set(named)] : resourceArn === undefined ? undefined : [resourceArn];
}

export function otherPoliciesOfTerraform(content: JsonObject, side: Side): OtherPolicies {
  const plan = new TerraformPlan(content, side);
  const managed = plan.resources.filter(({ isData }) => !isData);
  const all = [...managed, ...plan.prior];
  /** The resource has its policy from another one, so its own attribute may be that of the last apply. */
  const isSeparate = (one: Resource): boolean =>
    all.some(
      ({ type, values }) =>
        type === `${one.type}_policy` &&
        Object.values(values).some((value) =>
          ['id', 'arn', 'url', 'bucket', 'key_id', 'name'].some((name) => one.values[name] === value),
        ),
    );
  const resourcePolicies = managed
    .filter(({ type }) => !OF_ROLES.test(type) && !TERRAFORM_UNREAD.test(type))
    .flatMap((one): ResourcePolicy[] => {
      const resourceArn = [one.values['secret_arn'], one.values['arn'], one.values['resource_arn'], keyArn(one)].find(
        (value) => typeof value === 'string' && value.startsWith('arn:'),
      ) as string | undefined;
      const { address } = one;
      if (/_policy$/.test(one.type) && plan.isAfterApply(one, 'policy'))
        return [{ address, text: plan.afterApply(one, 'policy') }];
      if (isSeparate(one)) return [];
      return documentsIn(Object.values(one.values)).map((document) => ({
        ...{ address, text: JSON.stringify(document), resources: scopeOf(document, resourceArn) },
      }));
    });
  const unread = managed
    .filter(({ type }) => TERRAFORM_UNREAD.test(type))
    .map(({ address, values }) => ({ reason: `${address} is not compared`, content: JSON.stringify(values) }));
  for (const { address, type, values } of managed) {
    const acl = [values['acl'] ?? 'private', listOf(values['grant'] ?? [])];
    if (type === 'aws_s3_bucket' && JSON.stringify(acl) !== '["private",[]]')
      unread.push({ reason: `the access control list of ${address} is not compared`, content: JSON.stringify(acl) });
  }
  const attachments = attachmentsOf(managed.map(({ address, type, values }) => [address, type, values]));
  return { resourcePolicies, unread, attachments };
}

const keyArn = ({ type, values }: Resource): string | undefined =>
  type === 'aws_kms_key_policy' ? `arn:aws:kms:*:*:key/${textOf(values['key_id']) ?? ''}` : undefined;

export function otherPoliciesOfTemplate(template: JsonObject, { values = {} }: Surroundings): OtherPolicies {
  const entries = Object.entries(objectOf(template['Resources'])).map(([id, one]) => [id, objectOf(one)] as const);
  const isDeployed = (id: string, one: JsonObject): boolean =>
    one['Condition'] === undefined ||
    isConditionTrue(template, { Condition: one['Condition'] }, resolverOf(template, values, id));
  const deployed = entries.filter(([id, one]) => isDeployed(id, one));
  const resourcePolicies = deployed
    .filter(([, { Type: type }]) => !OF_ROLES.test(String(type)) && !TEMPLATE_UNREAD.test(String(type)))
    .flatMap(([id, { Properties: properties }]) =>
      documentsIn(Object.values(objectOf(properties))).flatMap((document): ResourcePolicy[] => {
        try {
          const policy = objectOf(resolverOf(template, values, id)(document));
          const resourceArn = textOf(values[`${id}.Arn`]);
          return [{ address: id, text: JSON.stringify(policy), resources: scopeOf(policy, resourceArn) }];
        } catch (error) {
          if (!(error instanceof PolicyProblem)) throw error;
          const reason = `the policy of ${id} depends on values after deployment: ${JSON.stringify(document)}`;
          return [{ address: id, text: new Unknown(reason) }];
        }
      }),
    );
  const unread = deployed
    .filter(([, { Type: type }]) => TEMPLATE_UNREAD.test(String(type)))
    .map(([id, one]) => ({ reason: `${String(one['Type'])} ${id} is not compared`, content: JSON.stringify(one) }));
  for (const [id, { Type: type, Properties: properties }] of deployed) {
    const { AccessControl: acl, PublicAccessBlockConfiguration: block } = objectOf(properties);
    if (type === 'AWS::S3::Bucket' && (acl ?? block) !== undefined)
      unread.push({ reason: `the public access of ${id} is not compared`, content: JSON.stringify([acl, block]) });
  }
  const attachments = attachmentsOf(
    deployed.map(([id, { Type: type, Properties: properties }]) => [id, String(type), objectOf(properties)]),
  );
  return { resourcePolicies, unread, attachments };
}
