/** Single edits of realistic policies: those of examples, of docs/iam, of the engine's cases, and of AWS's documentation. */
import { readdirSync, readFileSync } from 'node:fs';
import type { Comparison, PolicySet } from '../../identity/difference/index.ts';
import { actionsOf } from '../../identity/policy/actions.ts';
import { keysInPlaceOf } from '../../identity/policy/condition-keys.ts';
import { contextKey } from '../../identity/policy/context-key.ts';
import { sourceOf } from '../../identity/policy/global-keys.ts';
import { brokenKeyRules } from '../../identity/policy/key-rules.ts';
import type { AuthorizationInput, PolicyKind } from '../../identity/policy/index.ts';
import { requestProblem } from '../../identity/policy/actions.ts';
import { changesOf } from '../../harness/loosen/operators/index.ts';
import { ACCOUNT, session, type Random } from './generated.ts';
import { PAIRS } from './pairs.ts';

interface Document {
  readonly kind: PolicyKind;
  readonly document: object;
}

const json = (path: string): unknown =>
  JSON.parse(
    readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
      .replaceAll('<account>', ACCOUNT)
      .replace(/<cluster-arn:(\w+)>/g, `arn:aws:eks:us-west-2:${ACCOUNT}:cluster/$1`)
      .replace(/<issuer:(\w+)>/g, 'oidc.example.com/id/$1')
      .replace(/<provider-arn:(\w+)>/g, `arn:aws:iam::${ACCOUNT}:oidc-provider/oidc.example.com/id/$1`)
      .replace(/<role:(\w+)>/g, `arn:aws:iam::${ACCOUNT}:role/$1`)
      .replace(/<\w[\w-]*:?(\w+)>/g, '$1'),
  );

type Case = Readonly<Record<string, unknown>>;
const ELEMENTS = [
  ['identityPolicies', 'identity'],
  ['resourcePolicy', 'resource'],
  ['trustPolicy', 'trust'],
  ['sessionPolicy', 'session'],
  ['permissionsBoundary', 'boundary'],
] as const;

function documents(): readonly Document[] {
  const files = readdirSync(new URL('../../identity/policy/cases/', import.meta.url)).map(
    (name) => `identity/policy/cases/${name}`,
  );
  const cases = [...files, 'examples/evaluate/cases.json'].flatMap((path) => (json(path) as { cases: Case[] }).cases);
  const ofCases = cases.flatMap((one) =>
    ELEMENTS.flatMap(([element, kind]) =>
      [one[element] ?? []].flat().map((document) => ({ kind, document: document })),
    ),
  );
  const ofDocs = readdirSync(new URL('../../docs/iam/', import.meta.url))
    .filter((name) => name.endsWith('.json'))
    .map((name) => ({
      kind: 'identity' as const,
      document: json(`docs/iam/${name}`) as object,
    }));
  const ofExamples = [
    ['trust', 'trust'],
    ['bucket', 'resource'],
    ['permissions', 'identity'],
  ].map(([name, kind]) => ({
    kind: kind as PolicyKind,
    document: json(`examples/my-suites/policies/ledger-${name}.json`) as object,
  }));
  const ofPairs = PAIRS.flatMap(({ kind, before, after }) =>
    [before, after].map((Statement) => ({ kind, document: { Version: '2012-10-17', Statement } })),
  );
  const all = [...ofExamples, ...ofDocs, ...ofPairs, ...ofCases].filter(
    ({ document }) => typeof document === 'object' && 'Statement' in document,
  );
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}

export interface Edit {
  readonly comparison: Comparison;
  readonly text: string;
}

const EVERYTHING = { name: 'role', document: { Statement: { Effect: 'Allow', Action: '*', Resource: '*' } } };

/** Returns a comparison for each edit of each policy. */
export const edits = (): readonly Edit[] =>
  documents().flatMap(({ kind, document }) =>
    changesOf(document, kind).map((change) => {
      const setOf = (changed: object): PolicySet => {
        const named = { name: 'changed', document: changed };
        return {
          identityPolicies: kind === 'identity' ? [named] : [EVERYTHING],
          ...(kind === 'trust' && { trustPolicy: named }),
          ...(kind === 'resource' && { resourcePolicy: named }),
          ...(kind === 'boundary' && { permissionsBoundary: named }),
          ...(kind === 'session' && { sessionPolicies: [named] }),
        };
      };
      return {
        text: change.text,
        comparison: {
          ...{ before: setOf(document), after: setOf(change.apply(document)), resourceAccount: ACCOUNT },
          principals: [{ principal: session(ACCOUNT, 'app') }],
        },
      };
    }),
  );

type Statement = Readonly<Record<string, unknown>>;
const texts = (value: unknown): string[] => [value ?? []].flat().map(String);

/** Returns requests with names and values that the policies have, and with others. */
export function requestsNear(
  random: Random,
  { before, after, principals }: Comparison,
  count: number,
): readonly Omit<AuthorizationInput, 'identityPolicies'>[] {
  const statements = [before, after].flatMap((set) =>
    Object.values(set)
      .flat()
      .flatMap((named) => [(named as { document: { Statement: Statement } }).document.Statement].flat()),
  );
  const actions = statements.flatMap((one) => texts(one['Action'] ?? one['NotAction']));
  const resources = statements.flatMap((one) => texts(one['Resource'] ?? one['NotResource']));
  const keys = new Map<string, string[]>();
  for (const statement of statements) {
    for (const tests of Object.values((statement['Condition'] ?? {}) as Record<string, Record<string, unknown>>))
      for (const [key, values] of Object.entries(tests)) keys.set(key, [...(keys.get(key) ?? []), ...texts(values)]);
    for (const [, key] of JSON.stringify(statement).matchAll(/\$\{([^},*?$]+)[^}]*\}/g))
      keys.set(key!, [...(keys.get(key!) ?? []), 'a', 'b/c']);
  }
  const instance = (text: string, context: Readonly<Record<string, string>>): string =>
    text
      .replace(/\$\{([^},]+)[^}]*\}/g, (_, key: string) => context[key] ?? 'x')
      .replaceAll('*', () => random.pick(['', 'x', 'x/y', 'us-east-1']))
      .replaceAll('?', () => random.pick(['x', 'y']));
  return Array.from({ length: count }, () => {
    const pattern = random.pick(actions);
    const action = random.pick(
      actionsOf(pattern === '*' ? 's3:*' : pattern)
        .slice(0, 40)
        .concat('s3:GetObject'),
    );
    const context: Record<string, string> = {};
    for (const [key, values] of keys)
      if (!random.is(4) && !isLacking(key, action))
        context[key] = instance(
          random.pick(key === 'aws:SecureTransport' ? ['true', 'false'] : [...values, 'other']),
          context,
        );
    for (const [key, value] of Object.entries(ALWAYS)) if (keys.has(key)) context[key] ??= value;
    const resource = instance(random.pick([...resources, 'arn:aws:s3:::x/y']), context);
    return { principal: random.pick(principals).principal, action, resource, resourceAccount: ACCOUNT, context };
  }).filter(
    (one) =>
      /^(arn:aws:|\*$)/.test(one.resource) &&
      requestProblem(one.action, one.resource) === undefined &&
      brokenKeyRules(one).length === 0,
  );
}

/** Whether a session's request cannot have the key: its principal or its action excludes it. */
const isLacking = (key: string, action: string): boolean =>
  key === 'aws:ResourceAccount' ||
  /^(caller|service|serviceOrganization)$/.test(sourceOf(key) ?? '') ||
  keysInPlaceOf(contextKey(key), action) !== undefined ||
  /^(s3|iam|sts|eks):/.exec(key)?.[1] !== /^(s3|iam|sts|eks):/.exec(key.startsWith('aws:') ? '' : action)?.[1];

/** Keys that every request has. */
const ALWAYS = {
  'aws:SecureTransport': 'true',
  'aws:ViaAWSService': 'false',
  'aws:RequestedRegion': 'us-east-1',
  'aws:CurrentTime': '2026-01-01T00:00:00Z',
  'aws:EpochTime': '1767225600',
};
