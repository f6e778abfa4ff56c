import { isJsonObject } from '../../../foundation/node/json.ts';
import type { PolicyKind } from '../../../identity/policy/index.ts';
import { setTexts, textsOf, type Edit, type StatementDocument } from '../../policies/statement-document.ts';
import type { StatementEdit } from './catalogue.ts';
import { parentResource, prefixResource, relatedAction, rootOf, secondPrincipal, withoutVariables } from './widen.ts';
import { actionsOf } from '../../../identity/policy/actions.ts';

/** Returns the changes of a statement's actions, resources and principals that make it allow more or deny less. */
export function elementEdits(statement: StatementDocument, kind: PolicyKind): readonly StatementEdit[] {
  const isAllow = statement.Effect === 'Allow';
  return [
    ...(isAllow ? [...losses(statement), ...widenedActions(statement, kind)] : [...narrowedDeny(statement)]),
    ...widenedResources(statement, kind, isAllow ? 'Resource' : 'NotResource'),
    ...(isAllow ? widenedPrincipals(statement, kind) : []),
  ];
}

const inTexts =
  (element: string, change: (texts: readonly string[]) => readonly string[]): Edit =>
  (statement) =>
    setTexts(statement, element, change(textsOf(statement[element])));

function* losses(statement: StatementDocument): Generator<StatementEdit> {
  const actions = textsOf(statement['Action']);
  for (const [operator, action] of [
    ['lose-tag-session', 'sts:TagSession'],
    ['lose-list-bucket', 's3:ListBucket'],
  ] as const) {
    const isAction = (text: string): boolean => text.toLowerCase() === action.toLowerCase();
    if (actions.some(isAction))
      yield [operator, `${action} is lost`, inTexts('Action', (texts) => texts.filter((text) => !isAction(text)))];
  }
}

function* widenedActions(statement: StatementDocument, kind: PolicyKind): Generator<StatementEdit> {
  const actions = textsOf(statement['Action']);
  const replaced = (pattern: string): Edit => {
    const start = pattern.slice(0, -1).toLowerCase();
    return inTexts('Action', (texts) => [
      ...new Set(texts.map((text) => (text.toLowerCase().startsWith(start) ? pattern : text))),
    ]);
  };
  for (const action of actions) {
    const [, service, family] = /^([\w-]+):([A-Z][a-z]+)[A-Z*]/.exec(action) ?? [];
    if (service === undefined || family === undefined) continue;
    // The actions of STS that are one family have different callers.
    if (kind !== 'trust' && service !== 'sts') {
      yield ['action-family', `${action} becomes ${service}:${family}*`, replaced(`${service}:${family}*`)];
    }
    yield ['any-action', `${action} becomes ${service}:*`, replaced(`${service}:*`)];
    const related = relatedAction(action);
    if (related !== undefined && !actions.includes(related))
      yield ['add-action', `${related} is added to ${action}`, inTexts('Action', (texts) => [...texts, related])];
  }
}

const WIDER_RESOURCES = [
  ['parent-resource', parentResource],
  ['prefix-resource', prefixResource],
  ['lose-variable', withoutVariables],
] as const;

function* widenedResources(
  statement: StatementDocument,
  kind: PolicyKind,
  element: 'Resource' | 'NotResource',
): Generator<StatementEdit> {
  for (const [index, resource] of textsOf(statement[element]).entries()) {
    for (const [operator, wider] of WIDER_RESOURCES) {
      const isOfBucket = kind !== 'resource' || /:::[^/*]*(\/|$)/.test(wider(resource));
      if (resource !== '*' && isOfBucket && wider(resource) !== resource)
        yield [
          operator,
          `the ${element} ${resource} becomes ${wider(resource)}`,
          inTexts(element, (texts) => texts.with(index, wider(texts[index] ?? ''))),
        ];
    }
    // S3 rejects a policy for other buckets.
    if (kind !== 'resource') yield ['any-resource', `the ${element} becomes *`, inTexts(element, () => ['*'])];
  }
}

function* widenedPrincipals(statement: StatementDocument, kind: PolicyKind): Generator<StatementEdit> {
  const principals = isJsonObject(statement['Principal']) ? statement['Principal'] : {};
  const inPrincipals =
    (type: string, change: (texts: readonly string[]) => readonly string[]): Edit =>
    (changed) => {
      const given = changed['Principal'] as StatementDocument;
      setTexts(given, type, change(textsOf(given[type])));
      return undefined;
    };
  // Block Public Access rejects a bucket policy for everybody.
  const canBeAny = kind === 'trust' || textsOf(statement['Action']).every((action) => action.startsWith('kms:'));
  for (const [index, principal] of textsOf(principals['AWS']).entries()) {
    const root = rootOf(principal);
    if (root !== undefined)
      yield [
        'account-principal',
        `the principal ${principal} becomes ${root}`,
        inPrincipals('AWS', (texts) => texts.with(index, rootOf(texts[index] ?? '') ?? root)),
      ];
    if (canBeAny && principal !== '*')
      yield ['any-principal', `the principal ${principal} becomes *`, inPrincipals('AWS', () => ['*'])];
  }
  for (const [type, value] of Object.entries(principals)) {
    const [first = ''] = textsOf(value);
    const second = secondPrincipal(first);
    if (second !== undefined)
      yield [
        'add-principal',
        `the principal ${second} is added to ${first}`,
        inPrincipals(type, (texts) => [...texts, secondPrincipal(texts[0] ?? '') ?? second]),
      ];
  }
}

const narrowedResource = (resource: string): string => resource.replace(/\/\*$/, '/private/*');
const narrowedAction = (action: string): string =>
  (/\w\*$/.test(action) ? actionsOf(action)[0] : action.replace(/:\*$/, ':Get*')) ?? action;

function* narrowedDeny(statement: StatementDocument): Generator<StatementEdit> {
  yield ['drop-deny', 'the Deny is dropped', () => 'remove'];
  for (const element of ['Action', 'Resource']) {
    const texts = textsOf(statement[element]);
    const narrowed = element === 'Resource' ? narrowedResource : narrowedAction;
    for (const [index, text] of texts.entries()) {
      if (texts.length > 1)
        yield ['narrow-deny', `the Deny loses ${text}`, inTexts(element, (given) => given.toSpliced(index, 1))];
      if ((texts.length === 1 || text.endsWith(':*')) && narrowed(text) !== text)
        yield [
          'narrow-deny',
          `the Deny of ${text} becomes one of ${narrowed(text)}`,
          inTexts(element, (given) => given.with(index, narrowed(given[index] ?? ''))),
        ];
    }
  }
}
