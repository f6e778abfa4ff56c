import { listOf, objectOf, textOf, type JsonObject } from '../../foundation/node/json.ts';
import * as model from './deployment.ts';
import { forFlags, isConditionTrue, MissingValue, resolverOf } from './template-values.ts';

interface Resource {
  readonly id: string;
  readonly type: string;
  readonly properties: JsonObject;
  /** Returns a property's value; undefined if it is not set. */
  readonly value: (property: unknown) => unknown;
  /** The same, with `ref:` and the logical id for a role or bucket whose name is only known after deployment. */
  readonly target: (property: unknown) => unknown;
  /** Whether the template declares a parameter or resource. */
  readonly isDeclared: (id: string) => boolean;
}

/** Returns what a template of CloudFormation or CDK deploys. Throws `PolicyProblem`. */
export function deploymentOfTemplate(template: JsonObject, given: model.Surroundings = {}): model.Deployment {
  const values = {
    ...(given.accountId !== undefined && { 'AWS::AccountId': given.accountId }),
    ...(given.region !== undefined && { 'AWS::Region': given.region }),
    ...given.values,
  };
  const entries = Object.entries(objectOf(template['Resources']));
  const references = entries.filter(([, one]) => /^AWS::(?:IAM::Role|S3::Bucket)$/.test(String(objectOf(one)['Type'])));
  const declared = { ...objectOf(template['Parameters']), ...objectOf(template['Resources']) };
  const isDeclared = (id: string): boolean => Object.hasOwn(declared, id);
  const targets = Object.fromEntries(references.map(([id]) => [id, `ref:${id}`]));
  const all = entries.flatMap(([id, one]): Resource[] => {
    const { Type: type, Properties: properties, Condition: condition } = objectOf(one);
    const resolve = resolverOf(template, values, id);
    const target = resolverOf(template, { ...targets, ...values }, id);
    const isDeployed = condition === undefined || isConditionTrue(template, { Condition: condition }, resolve);
    return isDeployed
      ? [{ id, type: String(type), properties: objectOf(properties), value: resolve, target, isDeclared }]
      : [];
  });
  const ofType = (type: string): Resource[] => all.filter((one) => one.type === `AWS::${type}`);
  const around = { ...given, values };
  return {
    ...model.EMPTY,
    accountId: textOf(values['AWS::AccountId']),
    region: textOf(values['AWS::Region']),
    unread: [
      ...listOf(template['Transform']).map((name) => ({
        reason: `the transform ${JSON.stringify(name)} may add or change resources`,
      })),
      ...entries.filter(([id]) => id.startsWith('Fn::')).map(([id]) => ({ reason: `${id} is not read` })),
      ...['EKS::Addon', 'CloudFormation::Stack'].flatMap((type) =>
        ofType(type).map(({ id, properties }) => ({
          reason: `${id} is not read`,
          content: JSON.stringify(properties),
        })),
      ),
    ],
    roles: ofType('IAM::Role').map((one) => roleOf(one, ofType, around)),
    associations: ofType('EKS::PodIdentityAssociation').map((one) => ({
      address: one.id,
      cluster: required(one, 'ClusterName'),
      namespace: required(one, 'Namespace'),
      serviceAccount: required(one, 'ServiceAccount'),
      roleArn: required(one, 'RoleArn'),
      targetRoleArn: propertyValue(one, one.properties['TargetRoleArn']),
      policy: propertyValue(one, one.properties['Policy']),
      disableSessionTags: String(model.knownOf(propertyValue(one, one.properties['DisableSessionTags']))) === 'true',
      unsure: [propertyValue(one, one.properties['DisableSessionTags'])].flatMap((value) =>
        value instanceof model.Unknown ? value.reason : [],
      ),
    })),
    clusters: ofType('EKS::Cluster').map((one) => ({ address: one.id, name: propertyValue(one, { Ref: one.id })! })),
    oidcProviders: ofType('IAM::OIDCProvider').flatMap((one) => {
      const url = model.knownOf(propertyValue(one, one.properties['Url']))?.replace(/^https:\/\//, '');
      const clientIds = listOf(one.properties['ClientIdList']).map(String);
      return url === undefined ? [] : { address: one.id, url, clientIds };
    }),
    buckets: ofType('S3::Bucket').flatMap((one) => {
      const name = model.knownOf(propertyValue(one, { Ref: one.id }));
      const isOfBucket = (other: Resource): boolean | undefined =>
        leadsTo(other, other.properties['Bucket'], one.id, name);
      const [policy] = ofType('S3::BucketPolicy').filter((other) => isOfBucket(other) !== false);
      const isSure = policy && isOfBucket(policy) === true;
      const text = policy && (isSure ? required(policy, 'PolicyDocument') : unsureOf(policy, 'Bucket'));
      return name === undefined
        ? []
        : {
            ...{ address: policy?.id ?? one.id, name, policy: text ?? null },
            hasKey: /"aws:kms/.test(JSON.stringify(one.properties['BucketEncryption'] ?? {})),
          };
    }),
  };
}

/** Returns the text of a value, or the JSON text of a document. */
function propertyValue({ value }: Resource, property: unknown): model.Known<string> | undefined {
  try {
    const resolved = value(property);
    if (resolved === undefined || resolved === null || resolved === '') return undefined;
    return typeof resolved === 'string' ? resolved : JSON.stringify(resolved);
  } catch (error) {
    if (!(error instanceof model.PolicyProblem)) throw error;
    return error instanceof MissingValue && !error.isImported
      ? new model.Unknown(`${error.reference} is only known after deployment; use --value ${error.reference}=VALUE`)
      : new model.Unknown(forFlags(error.message), true);
  }
}

/** Begins the condition keys of statements that depend on values after deployment. */
export const AFTER_DEPLOYMENT = 'after-deployment:';

/**
 * Returns the JSON text of a policy. A statement with an unknown value is as wide as possible. Its condition on a key such as
 * `after-deployment:Data.Arn` makes decisions take both sides.
 */
function policyText(one: Resource, property: unknown): model.Known<string> | undefined {
  const text = propertyValue(one, property);
  const { Statement: statements, ...document } = objectOf(property);
  if (!(text instanceof model.Unknown) || text.isRequired || statements === undefined) return text;
  const widened = listOf(statements).flatMap((statement) => widenedStatements(one, objectOf(statement)));
  const rest = propertyValue(one, document);
  if (rest instanceof model.Unknown || widened.some((statement) => statement === undefined)) return text;
  return JSON.stringify({ ...(JSON.parse(rest ?? '{}') as object), Statement: widened });
}

const WIDE: JsonObject = {
  ...{
    Resource: { Resource: '*' },
    NotResource: { Resource: '*' },
    Action: { Action: '*' },
    NotAction: { Action: '*' },
  },
  ...{ Principal: { Principal: '*' }, NotPrincipal: { Principal: '*' }, Condition: {} },
};

function widenedStatements(
  one: Resource,
  { Resource: resources, ...statement }: JsonObject,
): (JsonObject | undefined)[] {
  const items = listOf(resources);
  const isMissing = (item: unknown): boolean => propertyValue(one, item) instanceof model.Unknown;
  const parts = [items.filter((item) => !isMissing(item)), items.filter(isMissing)].filter((list) => list.length > 0);
  return (parts.length === 0 ? [undefined] : parts).map((part) => {
    const missing = new Set<string>();
    const members = Object.entries({ ...statement, ...(part && { Resource: part }) }).map(
      ([name, member]): JsonObject | undefined => {
        try {
          return { [name]: one.value(member) };
        } catch (error) {
          if (!(error instanceof MissingValue)) throw error;
          missing.add(error.reference);
          return name in WIDE ? objectOf(WIDE[name]) : undefined;
        }
      },
    );
    if (members.includes(undefined)) return undefined;
    const merged = Object.assign({}, ...members) as JsonObject;
    if (missing.size === 0) return merged;
    const conditions = objectOf(merged['Condition']);
    const keys = Object.fromEntries([...missing].map((reference) => [AFTER_DEPLOYMENT + reference, 'a value']));
    return {
      ...merged,
      Condition: { ...conditions, StringEquals: { ...objectOf(conditions['StringEquals']), ...keys } },
    };
  });
}

function required(one: Resource, property: string): model.Known<string> {
  const value = policyText(one, one.properties[property]);
  if (value !== undefined) return value;
  throw new model.PolicyProblem(`has ${one.id} without "${property}", which ${one.type} requires. Add it.`);
}

/** Whether a property names a resource; undefined: it may, because its value is not known. */
function leadsTo(
  { target, isDeclared }: Resource,
  property: unknown,
  id: string,
  name: string | undefined,
): boolean | undefined {
  try {
    return listOf(target(property)).some((value) => value === `ref:${id}` || (name !== undefined && value === name));
  } catch (error) {
    if (!(error instanceof model.PolicyProblem)) throw error;
    const isOfAnother =
      error instanceof MissingValue && !error.isImported && !isDeclared(error.reference.split('.')[0] ?? '');
    return isOfAnother ? false : undefined;
  }
}

const unsureOf = ({ id }: Resource, property: string): model.Unknown =>
  new model.Unknown(`${id} applies if its ${property} names the resource, which is only known after deployment`);

function isReference(value: unknown, id: string): boolean {
  const { Ref: ref, 'Fn::GetAtt': attribute } = objectOf(value);
  return ref === id || listOf(attribute).join('.').split('.')[0] === id;
}

function roleOf(role: Resource, ofType: (type: string) => Resource[], around: model.Surroundings): model.DeployedRole {
  const { id, properties } = role;
  const name = model.knownOf(propertyValue(role, properties['RoleName']));
  const links = (one: Resource) =>
    ['Roles', 'RoleName'].map((property) => [property, leadsTo(one, one.properties[property], id, name)] as const);
  const isOfRole = (one: Resource): boolean => links(one).some(([, isOf]) => isOf !== false);
  const textOfPolicy = (one: Resource): model.Known<string> => {
    const isSure = links(one).some(([, isOf]) => isOf === true);
    const [unsure] = links(one).filter(([, isOf]) => isOf === undefined);
    return isSure || unsure === undefined ? required(one, 'PolicyDocument') : unsureOf(one, unsure[0]);
  };
  const managed = ofType('IAM::ManagedPolicy');
  const policy = (kind: 'inline' | 'attached' | 'boundary', one: Resource): model.DeployedPolicy => ({
    ...{ kind, address: one.id, text: textOfPolicy(one) },
  });
  const linked = (kind: 'attached' | 'boundary', property: string): model.DeployedPolicy[] =>
    listOf(properties[property]).flatMap((value): model.DeployedPolicy[] => {
      const managedPolicy = managed.find((one) => isReference(value, one.id));
      if (managedPolicy) return [policy(kind, managedPolicy)];
      const arn = propertyValue(role, value);
      if (arn === undefined) return [];
      const text =
        arn instanceof model.Unknown ? arn : new model.Unknown('the file does not contain it; use --permissions');
      return [{ kind, address: model.knownOf(arn) ?? JSON.stringify(value), isElsewhere: true, text }];
    });
  const attached = [
    ...linked('attached', 'ManagedPolicyArns'),
    ...managed.filter(isOfRole).map((one) => policy('attached', one)),
  ];
  const tags = listOf(properties['Tags']).map(objectOf);
  return {
    address: id,
    ...model.roleNames(id, name, model.knownOf(propertyValue(role, properties['Path'])), around),
    tags: Object.fromEntries(
      tags.map((one) => [String(one['Key']), model.knownOf(propertyValue(role, one['Value'])) ?? '']),
    ),
    unknownTags: tags
      .filter((one) => propertyValue(role, one['Value']) instanceof model.Unknown || typeof one['Key'] !== 'string')
      .map((one) => `tags of ${id} (${JSON.stringify(one['Key'])})`),
    trust: required(role, 'AssumeRolePolicyDocument'),
    policies: [
      ...listOf(properties['Policies'])
        .map(objectOf)
        .map((one): model.DeployedPolicy => ({
          ...{ kind: 'inline', address: id, policy: nameText(one['PolicyName']) },
          text: policyText(role, one['PolicyDocument']) ?? '{}',
        })),
      ...[...ofType('IAM::Policy'), ...ofType('IAM::RolePolicy')].filter(isOfRole).map((one) => policy('inline', one)),
      ...new Map(attached.map((one) => [one.address, one])).values(),
      ...linked('boundary', 'PermissionsBoundary'),
    ],
  };
}

/** Returns a name; empty if it is an expression, which stays unresolved. */
const nameText = (name: unknown): string => (typeof name === 'string' ? name : JSON.stringify(name));
