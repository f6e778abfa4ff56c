import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { distFolder } from '../../foundation/node/dist-folder.ts';
import { editDistance, nearest } from '../../foundation/node/nearest.ts';
import { remembered } from '../../foundation/node/remembered.ts';
import { escapePattern } from '../../foundation/node/text.ts';
import { listOf, objectOf, textOf } from '../../foundation/node/json.ts';
import { sourceOf } from './global-keys.ts';
import { statementLabel } from './label.ts';
import { actionsOfOperation } from './operations.ts';
import { partsOf } from './overlap.ts';
import { compilePattern, matchesTokens, tokenize, type ResolvedToken } from './pattern.ts';

/** Written by `npm run actions`. */
interface ActionTable {
  /** Date of the Service Authorization Reference. */
  readonly updatedAt: string;
  /** By service, and by the forms of the ARNs that the actions act on: names of actions. */
  readonly services: Groups;
  /** By service, and by condition keys of the actions, without global ones: names of actions. */
  readonly keys: Groups;
}

type Groups = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The build copies the file to dist/. */
const PATH = import.meta.url.endsWith('.ts')
  ? new URL('actions.json', import.meta.url)
  : join(distFolder(), 'actions.json');

let table: ActionTable | undefined;

/** Reads the table at its first use, because most commands do not need it. */
const actionTable = (): ActionTable => (table ??= JSON.parse(readFileSync(PATH, 'utf8')) as ActionTable);

/** Returns the actions of a pattern's service, or of all services if it names none. */
function namesNear(pattern: string): readonly string[] {
  const { services } = actionTable();
  const service = pattern.split(':')[0]?.toLowerCase() ?? '';
  return (Object.hasOwn(services, service) ? [service] : Object.keys(services)).flatMap((prefix) =>
    [...actionsOfService(prefix).values()].map(({ name }) => name),
  );
}

const matchingActions = new Map<string, readonly string[]>();

/** Returns a test of whether a pattern of a policy matches an action. */
export function matcherOf(pattern: string): (action: string) => boolean {
  const { tokens } = compilePattern(pattern.toLowerCase(), { wildcards: true, variables: false });
  return (action) => matchesTokens(tokens as readonly ResolvedToken[], action.toLowerCase());
}

/** Returns the actions that a pattern of a policy matches. */
export const actionsOf = (pattern: string): readonly string[] =>
  remembered(matchingActions, pattern.toLowerCase(), () => namesNear(pattern).filter(matcherOf(pattern)));

/** Returns why a pattern matches no action, as a sentence with the nearest action. Returns undefined if it matches one. */
export function actionProblem(action: string): string | undefined {
  if (action === '*' || actionsOf(action).length > 0) return undefined;
  const authorizing = actionsOfOperation(action);
  if (authorizing !== undefined)
    return `"${action}" is an operation, not an action. Its actions: ${authorizing.join(', ')}.`;
  const near = nearest(action, namesNear(action));
  return `"${action}" is not an action of the Service Authorization Reference of ${actionTable().updatedAt}${near === undefined ? '.' : `: did you mean "${near}"?`}`;
}

/** An action of a service. */
export interface KnownAction {
  readonly name: string;
  /** The forms of the ARNs that it acts on, such as `arn:aws:s3:::${BucketName}`. */
  readonly forms: readonly string[];
  /** Its condition keys, without global ones. Keys with free parts end with a slash or colon. */
  readonly keys: readonly string[];
}

const services = new Map<string, ReadonlyMap<string, KnownAction>>();

/** Returns the actions of a service by names in lower case, such as `s3:getobject`; none for an unknown service. */
export function actionsOfService(service: string): ReadonlyMap<string, KnownAction> {
  return remembered(services, service, () => readActions(service));
}

function readActions(service: string): ReadonlyMap<string, KnownAction> {
  const each = (kind: 'services' | 'keys'): (readonly [name: string, group: readonly string[]])[] =>
    Object.entries(Object.hasOwn(actionTable()[kind], service) ? actionTable()[kind][service]! : {}).flatMap(
      ([group, names]) => names.split(' ').map((name) => [name, group.split(' ').filter((one) => one !== '')] as const),
    );
  const keys = new Map(each('keys'));
  return new Map(
    each('services').map(([name, forms]) => [
      `${service}:${name}`.toLowerCase(),
      { name: `${service}:${name}`, forms, keys: keys.get(name) ?? [] },
    ]),
  );
}

const knownAction = (action: string): KnownAction | undefined =>
  actionsOfService(action.split(':')[0]!.toLowerCase()).get(action.toLowerCase());

const servicesByArn = new Map<string, readonly string[]>();

/** Returns the services whose actions act on ARNs of a service, such as `sts` for `iam`. */
export const servicesOn = (arnService: string): readonly string[] =>
  remembered(servicesByArn, arnService, () =>
    Object.entries(actionTable().services).flatMap(([service, groups]) =>
      Object.keys(groups).some((forms) => forms.includes(`:${arnService}:`)) ? service : [],
    ),
  );

/** Returns the date of the Service Authorization Reference that lists the known actions. */
export const actionsDate = (): string => actionTable().updatedAt;

/** Returns the forms of the ARNs that an action acts on; undefined for an unknown action. */
export const resourceForms = (action: string): readonly string[] | undefined => knownAction(action)?.forms;

/** Returns an action's condition keys, without global ones; undefined for an unknown action. */
export const conditionKeysOf = (action: string): readonly string[] | undefined => knownAction(action)?.keys;

/** Returns why AWS has no such request, as a sentence with the right form: the action is unknown, or does not act on the ARN. */
export function requestProblem(action: string, resource: string): string | undefined {
  const forms = resourceForms(action);
  if (forms === undefined) return actionProblem(action) ?? `"${action}" has a wildcard, but a request has one action.`;
  if (resource === '*' || forms.some((form) => patternOf(form).test(resource) || overlaps(form, resource)))
    return undefined;
  const [nearestForm] = forms.toSorted((one, other) => editDistance(resource, one) - editDistance(resource, other));
  return `"${resource}" is not a resource of ${action}: use ${nearestForm ?? '"*", because it acts on no resource'}.`;
}

/** Whether a resource with wildcards matches an ARN of the form. */
function overlaps(form: string, resource: string): boolean {
  if (!/[*?]/.test(resource)) return false;
  const [asked, wanted] = [resource, form.replaceAll(/\$\{[^}]*\}/g, '?*').replace(/^arn:aws/, 'arn:aws*')].map(
    (text) => tokenize(text, { wildcards: true, variables: false }) as ResolvedToken[],
  );
  return partsOf(asked!, [wanted!])?.some(({ matches }) => matches[0]) === true;
}

const FIELDS: Readonly<Record<string, string>> = {
  ...{ 'arn:aws': 'arn:aws(-[a-z]+)*', '*': '.*', '${BucketName}': '[^/]+' },
  ...{ '${Region}': '[a-z0-9-]+', '${Account}': '(\\d{12}|aws)' },
};

const formPatterns = new Map<string, RegExp>();

const patternOf = (form: string): RegExp =>
  remembered(formPatterns, form, () => {
    const parts = form.split(/(^arn:aws|\$\{[^}]*\}|\*)/);
    const fields = parts.map((part) => FIELDS[part] ?? (part.startsWith('${') ? '.+' : escapePattern(part)));
    return new RegExp(`^${fields.join('')}$`, 's');
  });

/**
 * Returns sentences about actions that no service has, and condition keys that no request of the statement's actions has. IAM stores
 * both. Throws `SyntaxError`.
 */
export function statementProblems(document: string | object): readonly string[] {
  const policy = objectOf(typeof document === 'string' ? JSON.parse(document) : document);
  return listOf(policy['Statement']).flatMap((statement, index) => {
    const { Sid: sid, Action: action, NotAction: others, Condition: condition } = objectOf(statement);
    const patterns = listOf(action).map(String);
    const keys = Object.entries(objectOf(condition)).flatMap(([operator, tests]) =>
      /^null$/i.test(operator) ? [] : Object.keys(objectOf(tests)),
    );
    const problems = [
      ...[...patterns, ...listOf(others)].flatMap((one) => actionProblem(String(one)) ?? []),
      ...(patterns.length === 0 ? [] : [...new Set(keys)].flatMap((key) => keyProblem(key, patterns) ?? [])),
    ];
    return problems.map((problem) => `${statementLabel({ sid: textOf(sid), index })}: ${problem}`);
  });
}

const TAG_KEYS = ['aws:RequestTag/', 'aws:ResourceTag/', 'aws:TagKeys'];

/** Returns why no request of the actions has a condition key. Keys of identity providers have arbitrary prefixes. */
function keyProblem(key: string, patterns: readonly string[]): string | undefined {
  const [prefix = ''] = key.toLowerCase().split(':');
  const { services, updatedAt } = actionTable();
  if (prefix === 'aws') {
    if (sourceOf(key) === undefined) return `"${key}" is not a global condition key.`;
    if (!TAG_KEYS.some((one) => isKey(key, one))) return undefined;
  } else if (!Object.hasOwn(services, prefix)) return undefined;
  const actions = patterns.includes('*') ? [] : patterns.flatMap((pattern) => actionsOf(pattern));
  const keys = actions.map((action) => conditionKeysOf(action) ?? []);
  if (actions.length === 0 || keys.some((all) => all.some((one) => isKey(key, one)))) return undefined;
  const near = nearest(key, keys.flat());
  return `no request of its actions has "${key}", by the Service Authorization Reference of ${updatedAt}${near === undefined ? '.' : `: did you mean "${near}"?`}`;
}

/** Whether a key is one of the table, whose keys with free parts end with a slash or colon. */
const isKey = (key: string, one: string): boolean =>
  key.toLowerCase() === one.toLowerCase() || (/[/:]$/.test(one) && key.toLowerCase().startsWith(one.toLowerCase()));
