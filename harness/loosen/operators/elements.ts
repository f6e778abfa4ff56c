import { isJsonObject } from '../../../foundation/node/json.ts';
import type { PolicyKind } from '../../../identity/policy/index.ts';
import { setTexts, textsOf, type Edit, type StatementDocument } from '../../policies/statement-document.ts';
import type { StatementEdit } from './catalogue.ts';
import { parentResource, rootOf } from './widen.ts';

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
  }
}

function* widenedResources(
  statement: StatementDocument,
  kind: PolicyKind,
  element: 'Resource' | 'NotResource',
): Generator<StatementEdit> {
  for (const [index, resource] of textsOf(statement[element]).entries()) {
    const wider = (text: string): string => parentResource(text);
    const isOfBucket = kind !== 'resource' || wider(resource).includes('/');
    if (resource !== '*' && isOfBucket)
      yield [
        'parent-resource',
        `the ${element} ${resource} becomes ${wider(resource)}`,
        inTexts(element, (texts) => texts.with(index, wider(texts[index] ?? ''))),
      ];
    // S3 rejects a policy for other buckets.
    if (kind !== 'resource') yield ['any-resource', `the ${element} becomes *`, inTexts(element, () => ['*'])];
  }
}

function* widenedPrincipals(statement: StatementDocument, kind: PolicyKind): Generator<StatementEdit> {
  const named = isJsonObject(statement['Principal']) ? textsOf(statement['Principal']['AWS']) : [];
  const inAws =
    (change: (texts: readonly string[]) => readonly string[]): Edit =>
    (changed) => {
      const principals = changed['Principal'] as Record<string, unknown>;
      setTexts(principals as StatementDocument, 'AWS', change(textsOf(principals['AWS'])));
      return undefined;
    };
  for (const [index, principal] of named.entries()) {
    const root = rootOf(principal);
    if (root !== undefined)
      yield [
        'account-principal',
        `the principal ${principal} becomes ${root}`,
        inAws((texts) => texts.with(index, rootOf(texts[index] ?? '') ?? root)),
      ];
    // Block Public Access rejects such a bucket policy.
    if (kind === 'trust') yield ['any-principal', `the principal ${principal} becomes *`, inAws(() => ['*'])];
  }
}

function* narrowedDeny(statement: StatementDocument): Generator<StatementEdit> {
  yield ['drop-deny', 'the Deny is dropped', () => 'remove'];
  for (const element of ['Action', 'Resource']) {
    const texts = textsOf(statement[element]);
    for (const [index, text] of texts.entries()) {
      if (texts.length > 1)
        yield ['narrow-deny', `the Deny loses ${text}`, inTexts(element, (found) => found.toSpliced(index, 1))];
      const [, service] = /^([\w-]+):\*$/.exec(element === 'Action' ? text : '') ?? [];
      if (service !== undefined)
        yield [
          'narrow-deny',
          `the Deny of ${text} becomes one of ${service}:Get*`,
          inTexts(element, (found) => found.with(index, `${service}:Get*`)),
        ];
    }
  }
}
