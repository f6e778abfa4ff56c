import { parse, YAMLMap, YAMLSeq, type CollectionTag, type ScalarTag } from 'yaml';
import { isJsonObject, listOf, objectOf, textOf, type JsonObject } from '../../foundation/node/json.ts';
import { chosen, PolicyProblem, type PolicyPlace, type RolePlaces, type Values } from './place.ts';

/** Pseudo parameters with constant values (CloudFormation User Guide, "Pseudo parameters"). */
const PSEUDO_PARAMETERS: Values = { 'AWS::Partition': 'aws', 'AWS::URLSuffix': 'amazonaws.com' };

/** Properties with a policy document, in order of preference. */
const PROPERTIES = ['AssumeRolePolicyDocument', 'PolicyDocument', 'Policy'] as const;

export const isTemplate = (content: JsonObject): boolean => isJsonObject(content['Resources']);

/**
 * Returns a resource's policy. Resolves `Ref`, `Fn::GetAtt`, `Fn::Sub` and `Fn::Join` with given values and parameter
 * defaults. Throws `PolicyProblem`, also for expressions that are only known at deployment.
 */
export function policyOfTemplate(template: JsonObject, { resource, policy: name, values = {} }: PolicyPlace): unknown {
  const resources = new Map(
    Object.entries(objectOf(template['Resources']))
      .map(([id, one]) => [id, objectOf(objectOf(one)['Properties'])] as const)
      .filter(([, properties]) => PROPERTIES.some((property) => property in properties)),
  );
  const properties = chosen(resources, resource);
  const resolver = resolverOf(template, values, resource ?? '');
  if (name === undefined)
    return resolver(PROPERTIES.map((property) => properties[property]).find((one) => one !== undefined));
  const inline = listOf(properties['Policies']).map(objectOf);
  const found = inline.find(({ PolicyName: own }) => nameText(own) === name || tried(() => resolver(own)) === name);
  if (found === undefined) throw new PolicyProblem(`has no inline policy "${name}" of ${resource}.`);
  return resolver(found['PolicyDocument']);
}

/** Returns where the policies of a role are. Throws `PolicyProblem`. */
export function placesOfTemplate(template: JsonObject, name: string | undefined): RolePlaces {
  const all = Object.entries(objectOf(template['Resources'])).map(([id, one]) => {
    const { Type: type, Properties: properties } = objectOf(one);
    return { id, type: String(type), properties: objectOf(properties) };
  });
  const ofType = (type: string) => all.filter((one) => one.type === `AWS::IAM::${type}`);
  const { id: role, properties } = chosen(new Map(ofType('Role').map((one) => [one.id, one])), name);
  const refersTo =
    (id: string) =>
    (value: unknown): boolean => {
      const { Ref: ref, 'Fn::GetAtt': attribute } = objectOf(value);
      return ref === id || listOf(attribute).join('.').split('.')[0] === id;
    };
  const isOfRole = (one: (typeof all)[number]): boolean =>
    ['Roles', 'RoleName'].some((property) =>
      listOf(one.properties[property]).some(
        (value) => refersTo(role)(value) || (value !== undefined && value === properties['RoleName']),
      ),
    );
  const managed = ofType('ManagedPolicy');
  const within = (property: string) => managed.filter(({ id }) => listOf(properties[property]).some(refersTo(id)));
  const attached = new Set([...within('ManagedPolicyArns'), ...managed.filter(isOfRole)]);
  const place = ({ id }: { readonly id: string }): PolicyPlace => ({ resource: id });
  const inline = listOf(properties['Policies']).map((one) => objectOf(one)['PolicyName']);
  const tags = listOf(properties['Tags']).map(objectOf);
  const knownText = (value: unknown): string | undefined => textOf(tried(() => resolverOf(template, {}, role)(value)));
  return {
    resource: role,
    name: textOf(properties['RoleName']),
    tags: Object.fromEntries(tags.map(({ Key: key, Value: value }) => [String(key), String(value)])),
    inline: [
      ...inline.map((policy) => ({ resource: role, policy: nameText(policy) })),
      ...[...ofType('Policy'), ...ofType('RolePolicy')].filter(isOfRole).map(place),
    ],
    attached: [...attached].map(place),
    boundary: within('PermissionsBoundary').map(place),
    elsewhere: ['ManagedPolicyArns', 'PermissionsBoundary']
      .flatMap((property) => listOf(properties[property]))
      .filter((value) => !managed.some(({ id }) => refersTo(id)(value)))
      .map((value) => (typeof value === 'string' ? value : JSON.stringify(value))),
    associations: all
      .filter((one) => one.type === 'AWS::EKS::PodIdentityAssociation' && refersTo(role)(one.properties['RoleArn']))
      .filter((one) => !['TargetRoleArn', 'Policy', 'DisableSessionTags'].some((name) => one.properties[name]))
      .map(({ id, properties: values }) => ({
        ...{ resource: id, cluster: knownText(values['ClusterName']) },
        ...{ namespace: knownText(values['Namespace']), serviceAccount: knownText(values['ServiceAccount']) },
      })),
  };
}

/** A name that is an expression stays unresolved. */
const nameText = (name: unknown): string => (typeof name === 'string' ? name : JSON.stringify(name));

function tried(resolve: () => unknown): unknown {
  try {
    return resolve();
  } catch {
    return undefined;
  }
}

function resolverOf(template: JsonObject, given: Values, resource: string): (value: unknown) => unknown {
  const valueOf = (name: string): unknown => {
    const parameter = objectOf(objectOf(template['Parameters'])[name]);
    const fallback = textOf(parameter['Default']);
    const isList = /List/.test(String(parameter['Type']));
    const found = given[name] ?? (isList ? fallback?.split(/\s*,\s*/) : fallback) ?? PSEUDO_PARAMETERS[name];
    if (found !== undefined) return found;
    throw new PolicyProblem(
      `has a reference to ${name} in ${resource}, which is only known after deployment. Add "values" {${JSON.stringify(name)}: …}.`,
    );
  };
  const functions: Readonly<Record<string, (argument: unknown) => unknown>> = {
    Ref: (name) => (name === 'AWS::NoValue' ? undefined : valueOf(String(name))),
    'Fn::GetAtt': (path) => valueOf(listOf(path).join('.')),
    'Fn::Join': (argument) => {
      const [separator, parts] = listOf(argument);
      return listOf(resolve(parts)).join(String(separator));
    },
    'Fn::Sub': (argument) => {
      const [text, own] = listOf(argument);
      const named = objectOf(own);
      // `${!Name}` and names that the template does not define stay `${Name}`: they are policy variables.
      return String(text).replaceAll(/\$\{(!?)\s*([^}]+?)\s*\}/g, (_, literal: string, name: string) =>
        literal === '' ? String(name in named ? resolve(named[name]) : valueOf(name)) : `\${${name}}`,
      );
    },
  };
  const resolve = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(resolve).filter((one) => one !== undefined);
    if (!isJsonObject(value)) return value;
    const [[name = '', argument] = [], ...others] = Object.entries(value);
    if (others.length === 0 && name in functions) return functions[name]?.(argument);
    if (others.length === 0 && name.startsWith('Fn::'))
      throw new PolicyProblem(
        `has an unsupported function in ${resource}: ${JSON.stringify(value)}. Supported are ${Object.keys(functions).join(', ')}; replace others by their values.`,
      );
    const members = Object.entries(value).map(([key, member]) => [key, resolve(member)] as const);
    return Object.fromEntries(members.filter(([, member]) => member !== undefined));
  };
  return resolve;
}

/** CloudFormation User Guide, "Intrinsic function reference". */
const SHORT_FORMS =
  'Ref Sub Join GetAtt Select Split If Equals Not And Or FindInMap ImportValue Base64 Cidr GetAZs Transform Condition';

const TAGS = SHORT_FORMS.split(' ').flatMap((name): (ScalarTag | CollectionTag)[] => {
  const tag = `!${name}`;
  const long = name === 'Ref' || name === 'Condition' ? name : `Fn::${name}`;
  const written = (value: unknown): JsonObject => ({ [long]: value });
  return [
    { tag, resolve: written },
    { tag, collection: 'seq', nodeClass: YAMLSeq, resolve: (items) => written(items.toJSON()) },
    { tag, collection: 'map', nodeClass: YAMLMap, resolve: (members) => written(members.toJSON()) },
  ];
});

export const templateFromYaml = (text: string): unknown => parse(text, { customTags: TAGS });
