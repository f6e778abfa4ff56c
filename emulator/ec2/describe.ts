import type { AuthorizationQuestion, ServiceContext } from '../world/context.ts';
import { AwsError } from '../../foundation/aws/aws-error.ts';
import { pageOf } from '../core/paging.ts';
import type { ServiceRequest } from '../core/service.ts';
import type { Account, World } from '../world/world.ts';
import type { QueryParameters } from '../query/parameters.ts';
import type { XmlStructure } from '../query/xml.ts';
import { ANY_CHARACTER, matchesTokens, STAR, type ResolvedToken } from '../../identity/policy/pattern.ts';

const PAGE = { min: 5, max: 1000 };

export interface Ec2Call {
  readonly context: ServiceContext;
  readonly world: World;
  readonly request: ServiceRequest;
  readonly account: Account;
  readonly parameters: QueryParameters;
}

export type Ec2Operation = (call: Ec2Call) => XmlStructure;

/** Throws `UnauthorizedOperation`, or `DryRunOperation` for a permitted dry run. */
export function demand({ context, request, account, parameters }: Ec2Call, action: string, resources = ['*']): void {
  for (const resource of resources) {
    const question: AuthorizationQuestion = { action, resource, resourceAccount: account.id };
    context.demand(request, question, (message) => {
      return new AwsError('UnauthorizedOperation', 403, `You are not authorized to perform this operation. ${message}`);
    });
  }
  if (parameters.boolean('DryRun') === true) {
    throw new AwsError('DryRunOperation', 412, 'Request would have succeeded, but DryRun flag is set.');
  }
}

interface Described {
  readonly id: string;
  readonly tags: ReadonlyMap<string, string>;
}

/** A kind of resource that Describe operations list. */
export interface DescribedKind<Item extends Described> {
  readonly action: string;
  /** Prefix of ids. */
  readonly prefix: string;
  /** For example `SubnetId`, also as it is spelled in errors' codes and texts. */
  readonly parameter: string;
  readonly errorCode: string;
  readonly noun: string;
  readonly all: (call: Ec2Call) => readonly Item[];
  /** By the filter's name. Filters on tags are common to all kinds. */
  readonly filters: Readonly<Record<string, (item: Item) => readonly string[]>>;
}

/** Returns the page of the ids and filters in the request (EC2 API Reference, "DescribeSubnets" and others). */
export function describedPage<Item extends Described>(kind: DescribedKind<Item>, call: Ec2Call) {
  const { parameters } = call;
  demand(call, kind.action);
  const described = kind.all(call);
  const ids = numbered(parameters, kind.parameter);
  for (const id of ids) byId(kind, described, id);
  const passes = filterOf(kind, parameters);
  const matches = described.filter((item) => (ids.length === 0 || ids.includes(item.id)) && passes(item));
  const size = maxResults(parameters);
  if (size !== undefined && ids.length > 0) {
    const list = `${kind.parameter.charAt(0).toLowerCase()}${kind.parameter.slice(1)}s`;
    const text = `The parameter ${list} cannot be used with the parameter maxResults`;
    throw new AwsError('InvalidParameterCombination', 400, text);
  }
  const invalidToken = () => new AwsError('InvalidNextToken', 400, 'The token is not valid.');
  return pageOf(matches, ({ id }) => id, { size: size ?? Infinity, token: parameters.text('NextToken'), invalidToken });
}

/** Throws `<error code>.Malformed` or `<error code>.NotFound`. */
export function byId<Item extends Described>(
  { prefix, errorCode, noun }: Omit<DescribedKind<Item>, 'all'>,
  items: readonly Item[],
  id: string,
): Item {
  if (!new RegExp(`^${prefix}-(?:[0-9a-f]{8}|[0-9a-f]{17})$`).test(id)) {
    throw new AwsError(`${errorCode}.Malformed`, 400, `Invalid id: "${id}"`);
  }
  const item = items.find((one) => one.id === id);
  if (item === undefined) throw new AwsError(`${errorCode}.NotFound`, 400, `The ${noun} '${id}' does not exist`);
  return item;
}

export const tagSet = (tags: ReadonlyMap<string, string>) => [...tags].map(([key, value]) => ({ key, value }));

function maxResults(parameters: QueryParameters): number | undefined {
  const text = parameters.text('MaxResults');
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!/^\d{1,9}$/.test(text) || number < PAGE.min || number > PAGE.max) {
    const rule = `Value ( ${text} ) for parameter maxResults is invalid. Expecting a value between ${PAGE.min} and ${PAGE.max}.`;
    throw new AwsError('InvalidParameterValue', 400, rule);
  }
  return number;
}

/**
 * Returns a predicate for `Filter.N`, whose values may contain `*` and `?`. Throws `InvalidParameterValue` for an
 * unknown filter, `InvalidParameterCombination` for one without values.
 */
function filterOf<Item extends Described>(
  { filters: readers }: DescribedKind<Item>,
  parameters: QueryParameters,
): (item: Item) => boolean {
  const filters = numbered(parameters, 'Filter', '.Name').map((name, index) => {
    const values = numbered(parameters, `Filter.${index + 1}.Value`);
    if (values.length > 0) return { name, values };
    throw new AwsError('InvalidParameterCombination', 400, `The filter '${name}' must have at least one value`);
  });
  const tests = filters.map(({ name, values }) => {
    const valuesOf = reader(readers, name);
    const patterns = values.map(pattern);
    return (item: Item) => valuesOf(item).some((value) => patterns.some((like) => matchesTokens(like, value)));
  });
  return (item) => tests.every((test) => test(item));
}

function reader<Item extends Described>(
  filters: DescribedKind<Item>['filters'],
  name: string,
): (item: Item) => readonly string[] {
  if (name === 'tag-key') return ({ tags }) => [...tags.keys()];
  if (name.startsWith('tag:')) {
    const key = name.slice('tag:'.length);
    return ({ tags }) => {
      const value = tags.get(key);
      return value === undefined ? [] : [value];
    };
  }
  const itemFilter = Object.hasOwn(filters, name) ? filters[name] : undefined;
  if (itemFilter === undefined) throw new AwsError('InvalidParameterValue', 400, `The filter '${name}' is invalid`);
  return itemFilter;
}

/** Reads a list in EC2's form: `name.1` and so on. For structures, reads their `member` (`.Name`). */
export function numbered(parameters: QueryParameters, name: string, member = ''): readonly string[] {
  const members: string[] = [];
  for (let n = 1; ; n += 1) {
    const text = parameters.text(`${name}.${n}${member}`);
    if (text === undefined) return members;
    members.push(text);
  }
}

/** `*` and `?` are wildcards; `\` escapes them. */
function pattern(value: string): readonly ResolvedToken[] {
  return (value.match(/\\?[^]/gu) ?? []).map((text) => {
    if (text === '*') return STAR;
    if (text === '?') return ANY_CHARACTER;
    return text.length > 1 && text.startsWith('\\') ? text.slice(1) : text;
  });
}
