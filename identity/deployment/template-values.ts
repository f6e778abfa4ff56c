import { parse, YAMLMap, YAMLSeq, type CollectionTag, type ScalarTag } from 'yaml';
import { isJsonObject, listOf, objectOf, textOf, type JsonObject } from '../../foundation/node/json.ts';
import { PolicyProblem, roleNames, type Values } from './deployment.ts';

/** Pseudo parameters with constant values (CloudFormation User Guide, "Pseudo parameters"). */
const PSEUDO_PARAMETERS: Values = { 'AWS::Partition': 'aws', 'AWS::URLSuffix': 'amazonaws.com' };

export const isTemplate = (content: JsonObject): boolean => isJsonObject(content['Resources']);

/** A reference whose value is only known after deployment, and is not given. */
export class MissingValue extends PolicyProblem {
  /** As in `--value`, such as `Data.Arn`. */
  readonly reference: string;
  /** Whether another stack has the value, so that the user must give it. */
  readonly isImported: boolean;
  constructor(reference: string, resource: string, isImported = false) {
    const reason = isImported ? 'another stack exports' : 'is only known after deployment';
    super(
      `has a reference to ${reference} in ${resource}, which ${reason}. Add "values" {${JSON.stringify(reference)}: …}.`,
    );
    this.reference = reference;
    this.isImported = isImported;
  }
}

/** Sentences for suites name `values`. This function makes them name the flag, for commands. */
export const forFlags = (sentence: string): string =>
  sentence.replace(/Add "values" \{"(.+?)": …\}/, 'Use --value $1=VALUE');

type Resolve = (value: unknown) => unknown;
type Functions = Readonly<Record<string, (argument: unknown) => unknown>>;

/**
 * Returns a function that resolves `Ref`, `Fn::GetAtt`, `Fn::Sub` and other functions with given values, parameter defaults, and
 * what names in the template say. It throws `MissingValue`, and `PolicyProblem` for functions that it does not support.
 */
export function resolverOf(template: JsonObject, given: Values, resource: string): Resolve {
  const valueOf = (name: string): unknown => {
    const parameter = objectOf(objectOf(template['Parameters'])[name]);
    const fallback = textOf(parameter['Default']);
    const isList = /List/.test(String(parameter['Type']));
    const declared = given[name] ?? (isList ? fallback?.split(/\s*,\s*/) : fallback) ?? PSEUDO_PARAMETERS[name];
    const resolved = declared ?? attributeOf(template, name, resolve);
    if (resolved !== undefined) return resolved;
    throw new MissingValue(name, resource);
  };
  const isTrue = (condition: unknown): boolean => isConditionTrue(template, condition, resolve);
  const functions: Functions = {
    Ref: (name) => (name === 'AWS::NoValue' ? undefined : valueOf(String(name))),
    'Fn::GetAtt': (path) => valueOf(listOf(path).join('.')),
    'Fn::Join': (argument) => {
      const [separator, parts] = listOf(argument);
      return listOf(resolve(parts)).join(String(separator));
    },
    'Fn::Select': (argument) => {
      const [index, items] = listOf(argument);
      return listOf(resolve(items))[Number(resolve(index))];
    },
    'Fn::Split': (argument) => {
      const [separator, text] = listOf(argument);
      return String(resolve(text)).split(String(separator));
    },
    'Fn::If': (argument) => {
      const [condition, yes, no] = listOf(argument);
      return resolve(isTrue({ Condition: condition }) ? yes : no);
    },
    'Fn::ImportValue': (argument) => {
      const name = String(resolve(argument));
      if (given[name] !== undefined) return given[name];
      throw new MissingValue(name, resource, true);
    },
    'Fn::Sub': (argument) => {
      const [text, variables] = listOf(argument);
      const named = objectOf(variables);
      // `${!Name}` and names that the template does not define stay `${Name}`: they are policy variables.
      return String(text).replaceAll(/\$\{(!?)\s*([^}]+?)\s*\}/g, (_, literal: string, name: string) =>
        literal === '' ? String(name in named ? resolve(named[name]) : valueOf(name)) : `\${${name}}`,
      );
    },
  };
  const resolve: Resolve = (value) => {
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

/** Decides a condition function, or `{Condition: name}` (CloudFormation User Guide, "Condition functions"). */
export function isConditionTrue(template: JsonObject, condition: unknown, resolve: Resolve): boolean {
  const isTrue = (one: unknown): boolean => isConditionTrue(template, one, resolve);
  const [[name = '', argument] = []] = Object.entries(objectOf(condition));
  const parts = listOf(argument);
  switch (name) {
    case 'Condition': {
      const declared = objectOf(template['Conditions'])[String(argument)];
      if (declared !== undefined) return isTrue(declared);
      throw new PolicyProblem(`has no condition ${String(argument)}. Correct the template.`);
    }
    case 'Fn::Equals':
      return String(resolve(parts[0])) === String(resolve(parts[1]));
    case 'Fn::Not':
      return !isTrue(parts[0]);
    case 'Fn::And':
      return parts.every(isTrue);
    case 'Fn::Or':
      return parts.some(isTrue);
    default:
      throw new PolicyProblem(
        `has an unsupported condition: ${JSON.stringify(condition)}. Use Equals, Not, And or Or.`,
      );
  }
}

/** Returns a resource's name or attribute, such as `Data.Arn`, if its other properties determine it. */
function attributeOf(template: JsonObject, reference: string, resolve: Resolve): unknown {
  const [id = '', attribute = 'Ref'] = reference.split('.');
  const { Type: type, Properties: declared } = objectOf(objectOf(template['Resources'])[id]);
  const properties = objectOf(declared);
  const property = (name: string): string | undefined => textOf(resolve(properties[name]));
  const account = (): string => String(resolve({ Ref: 'AWS::AccountId' }));
  const partition = (): string => String(resolve({ Ref: 'AWS::Partition' }));
  switch (`${String(type)} ${attribute}`) {
    case 'AWS::S3::Bucket Ref':
      return property('BucketName');
    case 'AWS::S3::Bucket Arn':
      return property('BucketName') && `arn:${partition()}:s3:::${property('BucketName')}`;
    case 'AWS::IAM::Role Ref':
      return property('RoleName');
    case 'AWS::IAM::Role Arn':
      return roleNames(id, property('RoleName'), property('Path'), { accountId: account() }, partition()).arn;
    case 'AWS::EKS::Cluster Ref':
      return property('Name');
    case 'AWS::IAM::OIDCProvider Ref':
    case 'AWS::IAM::OIDCProvider Arn':
      return (
        property('Url') &&
        `arn:${partition()}:iam::${account()}:oidc-provider/${property('Url')?.replace(/^https:\/\//, '')}`
      );
    case 'Custom::AWSCDKCfnJson Value':
      return JSON.parse(String(resolve(properties['Value'])));
    default:
      return undefined;
  }
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
