import { actionsOf } from '../../../identity/policy/actions.ts';
import { replacePlaceholders } from '../../scenario/placeholders.ts';

/** Placeholders that stand for several segments. */
const FORMS: Readonly<Record<string, (name: string) => string>> = {
  'cluster-arn': (name) => `arn:aws:eks:<region:${name}>:<account:main>:cluster/<cluster:${name}>`,
  'provider-arn': (name) => `arn:aws:iam::<account:main>:oidc-provider/<issuer:${name}>`,
  role: (name) => `arn:aws:iam::<account:main>:role/<role-name:${name}>`,
};
const PARTS = /(?:\$\{[^}]*\}|<[^>]*>|[^:/])+|[:/]/g;

const written = (text: string): string =>
  replacePlaceholders(text, ({ kind, name }) => FORMS[kind]?.(name) ?? `<${kind}:${name}>`);

/** Splits into segments and the colons and slashes between them. Variables and placeholders stay whole. */
const partsOf = (text: string): string[] => written(text).match(PARTS) ?? [];

/** Replaces the last segment, or the one that many segments before it, by `*`: `cluster/production` -> `cluster/*`. */
export function withoutSegment(value: string, before = 0): string {
  const parts = partsOf(value);
  const at = parts.length - 1 - 2 * before;
  return at < 2 ? value : parts.map((part, index) => (index === at ? '*' : part)).join('');
}

/** `ledger` -> `ledger*`, `entries/*` -> `entries*`, `tenant-*` -> `tenant*`. */
export const toPrefix = (value: string): string =>
  isAccount(value) || value === '*' ? value : `${value.replace(/[/.-]?\*$/, '')}*`;

/** Returns the text with which somebody else is named who is easily confused: another cluster, or a longer name. */
export function neighbour(value: string): string | undefined {
  if (isAccount(value) || /^(true|false|\d+(\.\d+)?)$/.test(value) || value.includes('amazonaws.com')) return undefined;
  // A longer name matches such a pattern.
  if (/[^/]\*$/.test(value)) return undefined;
  if (/c1>?$/.test(value)) return value.replace(/c1(>?)$/, 'c2$1');
  const [, start = value, wildcard = ''] = /^(.+?)(\/?\*)$/.exec(value) ?? [];
  return start === '*' ? undefined : `${start}-2${wildcard}`;
}

/** Widens a resource by a folder: `data/red/*` -> `data/*`. A bucket or another first segment becomes a prefix. */
export function parentResource(resource: string): string {
  const open = written(resource).replace(/\/?\*+$/, '');
  const parts = partsOf(open);
  const slash = parts.lastIndexOf('/');
  return slash === -1 ? `${open}*` : `${parts.slice(0, slash + 1).join('')}*`;
}

/** A variable that each caller has another value of. */
export const VARIABLE = /\$\{(?![*?$]\})[^}]+\}/;

export const withoutVariables = (text: string): string => text.replace(new RegExp(VARIABLE, 'g'), '*');

/** `data/red/*` -> `data/red*`, `table/red-*` -> `table/red*`. */
export const prefixResource = (resource: string): string => resource.replace(/([^/*:])[/.-]\*$/, '$1*');

const VERBS = ['Put', 'Create', 'Update', 'Delete', 'Send', 'Get', 'List', 'Describe'];

/** Returns an action of the same service and noun with another verb: `s3:GetObject` -> `s3:PutObject`. */
export function relatedAction(action: string): string | undefined {
  const [, service, verb, noun] = /^([\w-]+):([A-Z][a-z]+)([A-Z]\w*)$/.exec(action) ?? [];
  if (noun === undefined) return undefined;
  return VERBS.filter((one) => one !== verb)
    .map((one) => `${service}:${one}${noun}`)
    .find((one) => actionsOf(one).length > 0);
}

/** Returns another principal that is easily added: a longer name, the second cluster's provider, or a service. */
export const secondPrincipal = (principal: string): string | undefined =>
  principal === '*' || /:root>?$/.test(principal)
    ? undefined
    : principal.includes('.amazonaws.com') && !principal.startsWith('arn:')
      ? 'ec2.amazonaws.com'
      : neighbour(written(principal));

/** Returns the account of an ARN as a principal. */
export function rootOf(principal: string): string | undefined {
  const [, account] = /^arn:[^:]*:(?:iam|sts)::(\d{12}|<account:[^>]*>):(?!root$)/.exec(written(principal)) ?? [];
  return account === undefined ? undefined : `arn:aws:iam::${account}:root`;
}

const isAccount = (value: string): boolean => /^(\d{12}|<account:[^>]*>)$/.test(value);
