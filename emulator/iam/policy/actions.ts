import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { distFolder } from '../../../foundation/node/dist-folder.ts';
import { editDistance, nearest } from '../../../foundation/node/nearest.ts';
import { escapePattern } from '../../../foundation/node/text.ts';
import { listOf, objectOf, textOf } from '../../core/json.ts';
import { statementLabel } from './label.ts';
import { matchesTokens, tokenize, type ResolvedToken } from './pattern.ts';

/** Written by `npm run actions`. */
interface ActionTable {
  /** Date of the Service Authorization Reference. */
  readonly updatedAt: string;
  /** By service, and by the forms of the ARNs that the actions act on: names of actions. */
  readonly services: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** The build copies the file to dist/. */
const PATH = import.meta.url.endsWith('.ts')
  ? new URL('actions.json', import.meta.url)
  : join(distFolder(), 'actions.json');

let table: ActionTable | undefined;

/** Reads the table at its first use, because most commands do not need it. */
const actionTable = (): ActionTable => (table ??= JSON.parse(readFileSync(PATH, 'utf8')) as ActionTable);

const namesOf = (services: readonly string[]): readonly string[] =>
  services.flatMap((service) =>
    Object.values(actionTable().services[service] ?? {}).flatMap((group) =>
      group.split(' ').map((name) => `${service}:${name}`),
    ),
  );

/** Returns the actions that a pattern of a policy matches. */
export function actionsOf(pattern: string, names = namesOf(servicesOf(pattern))): readonly string[] {
  const tokens = tokenize(pattern.toLowerCase(), { wildcards: true, variables: false }) as readonly ResolvedToken[];
  return names.filter((name) => matchesTokens(tokens, name.toLowerCase()));
}

/** Returns the service of an action, or all services if it is unknown. */
function servicesOf(action: string): readonly string[] {
  const { services } = actionTable();
  const service = action.split(':')[0]?.toLowerCase() ?? '';
  return Object.hasOwn(services, service) ? [service] : Object.keys(services);
}

/** Returns why a pattern matches no action, as a sentence with the nearest action. Returns undefined if it matches one. */
export function actionProblem(action: string): string | undefined {
  if (action === '*') return undefined;
  const names = namesOf(servicesOf(action));
  if (actionsOf(action, names).length > 0) return undefined;
  const near = nearest(action, names);
  return `"${action}" is not an action of the Service Authorization Reference of ${actionTable().updatedAt}${near === undefined ? '.' : `: did you mean "${near}"?`}`;
}

/** Returns the forms of the ARNs that an action acts on, such as `arn:aws:s3:::${BucketName}`; undefined for an unknown action. */
export function resourceForms(action: string): readonly string[] | undefined {
  const [service = '', name = ''] = action.toLowerCase().split(':');
  const groups = Object.entries(actionTable().services[service] ?? {});
  const forms = groups.find(([, names]) => ` ${names} `.toLowerCase().includes(` ${name} `))?.[0];
  return forms?.split(' ').filter((form) => form !== '');
}

/** Returns why AWS has no such request, as a sentence with the right form: the action is unknown, or does not act on the ARN. */
export function requestProblem(action: string, resource: string): string | undefined {
  const forms = resourceForms(action);
  if (forms === undefined) return actionProblem(action);
  if (resource === '*' || forms.some((form) => patternOf(form).test(resource))) return undefined;
  const [nearestForm] = forms.toSorted((one, other) => editDistance(resource, one) - editDistance(resource, other));
  return `"${resource}" is not a resource of ${action}: use ${nearestForm ?? '"*", because it acts on no resource'}.`;
}

const FIELDS: Readonly<Record<string, string>> = {
  '*': '.*',
  '${Region}': '[a-z0-9-]+',
  '${Account}': '(\\d{12}|aws)',
  '${BucketName}': '[^/]+',
};

const patternOf = (form: string): RegExp =>
  new RegExp(
    `^arn:aws(-[a-z]+)*:${form
      .slice('arn:aws:'.length)
      .split(/(\$\{[^}]*\}|\*)/)
      .map((part) => FIELDS[part] ?? (part.startsWith('${') ? '.+' : escapePattern(part)))
      .join('')}$`,
    's',
  );

/** Returns sentences about actions of a policy that no service has, which IAM stores. Throws `SyntaxError`. */
export function unknownActions(document: string | object): readonly string[] {
  const policy = objectOf(typeof document === 'string' ? JSON.parse(document) : document);
  return listOf(policy['Statement']).flatMap((statement, index) => {
    const { Sid: sid, Action: action, NotAction: others } = objectOf(statement);
    const label = statementLabel({ sid: textOf(sid), index });
    return [...listOf(action), ...listOf(others)].flatMap((one) => {
      const problem = actionProblem(String(one));
      return problem === undefined ? [] : [`${label}: ${problem}`];
    });
  });
}
