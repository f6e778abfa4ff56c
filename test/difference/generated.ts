/** Random policies over small alphabets, and all requests over them. */
import { brokenKeyRules } from '../../identity/policy/key-rules.ts';
import type { Comparison, NamedDocument, PolicySet } from '../../identity/difference/index.ts';
import type { AuthorizationInput, ConditionContext } from '../../identity/policy/index.ts';
import type { Principal, RoleSession } from '../../identity/policy/principal.ts';

export const ACCOUNT = '111122223333';
export const OTHER = '444455556666';

export const session = (account: string, role: string): RoleSession => ({
  ...{ kind: 'role-session', accountId: account, roleName: role, sessionName: 's', userId: `AROAEXAMPLE${role}:s` },
  ...{ arn: `arn:aws:sts::${account}:assumed-role/${role}/s`, roleArn: `arn:aws:iam::${account}:role/${role}` },
  ...{ tags: [], sessionPolicies: [], context: {}, issuedAt: 0, expiresAt: 0 },
});

/** A generator of pseudo-random numbers (mulberry32), so that a seed repeats a run. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }

  some<T>(values: readonly T[], most: number): T[] {
    return [...new Set(Array.from({ length: 1 + this.below(most) }, () => this.pick(values)))];
  }

  is(oneIn: number): boolean {
    return this.below(oneIn) === 0;
  }
}

type Values = readonly (string | readonly string[] | undefined)[];

interface Key {
  readonly values: Values;
  readonly operators: readonly (readonly [operator: string, values: readonly string[]])[];
}

const TEXT = ['a', 'A', '', 'a/b', '*'];
const WORDS = ['a', 'b', 'A', 'a*', '*', '?', 'a/*', 'a/b', '*b', ''];
const text = (more: readonly string[] = []): Key['operators'] => [
  ...[
    'StringEquals',
    'StringNotEquals',
    'StringLike',
    'StringNotLike',
    'StringEqualsIfExists',
    'StringNotEqualsIgnoreCase',
  ].map((operator) => [operator, [...WORDS, ...more]] as const),
  ['StringEqualsIgnoreCase', [...WORDS, ...more]],
  ['StringLikeIfExists', [...WORDS, ...more]],
  ['Null', ['true', 'false']],
];
const TEAM = '${aws:PrincipalTag/team}';
const ENV = "${aws:PrincipalTag/env, 'b'}";
const sets = (more: readonly string[]): Key['operators'] =>
  ['ForAllValues', 'ForAnyValue'].flatMap((set) => [
    [`${set}:StringEquals`, ['a', 'b', ...more]] as const,
    [`${set}:StringNotEquals`, ['a', 'b', ...more]] as const,
    [`${set}:StringLike`, ['a*', '*', 'b', ...more]] as const,
  ]);
const SETS: Values = [
  undefined,
  [''],
  ['a'],
  ['b'],
  ['c'],
  ['a', 'b'],
  ['a', 'c'],
  ['b', 'c'],
  ['a', 'b', 'c'],
  ['ab'],
];

const KEYS: Readonly<Record<string, Key>> = {
  'aws:PrincipalTag/team': { values: [undefined, ...TEXT], operators: text([ENV]) },
  'aws:PrincipalTag/env': { values: [undefined, 'a', 'b', 'c'], operators: text() },
  'aws:ResourceTag/team': { values: [undefined, 'a', 'b', 'a/b', ''], operators: text([TEAM]) },
  's3:prefix': { values: [undefined, 'a', 'b', 'a/', 'a/b', 'a/b/c'], operators: text([TEAM, `${TEAM}/*`, 'a/']) },
  'aws:SourceIp': {
    values: [undefined, '10.0.0.1', '10.0.1.1', '10.1.0.1', '192.0.2.1', '2001:db8::1'],
    operators: ['IpAddress', 'NotIpAddress', 'IpAddressIfExists'].map(
      (one) =>
        [one, ['10.0.0.0/8', '10.0.0.0/24', '10.0.1.0/24', '10.0.0.0/23', '2001:db8::/32', '0.0.0.0/0']] as const,
    ),
  },
  'aws:SourceVpce': { values: [undefined, 'a', 'b'], operators: text() },
  's3:max-keys': {
    values: [undefined, '0', '1', '2', '3', '1.5'],
    operators: [
      'NumericEquals',
      'NumericNotEquals',
      'NumericLessThan',
      'NumericGreaterThanEquals',
      'NumericLessThanEqualsIfExists',
    ].map((one) => [one, ['1', '2', '2.0']] as const),
  },
  'aws:CurrentTime': {
    values: ['2026-01-01T00:00:00Z', '2026-06-01T00:00:00Z', '2026-06-01T00:00:01Z', '2027-01-01T00:00:00Z'],
    operators: ['DateLessThan', 'DateGreaterThan', 'DateEquals', 'DateNotEquals', 'DateLessThanEquals'].map(
      (one) => [one, ['2026-06-01T00:00:00Z', '2026-09-01']] as const,
    ),
  },
  'aws:EpochTime': {
    values: ['1767225600', '1780272000', '1780272001', '1798761600'],
    operators: [
      ['DateLessThan', ['2026-06-01T00:00:00Z']],
      ['NumericGreaterThan', ['1780272000']],
    ],
  },
  'aws:SecureTransport': {
    values: ['true', 'false'],
    operators: [
      ['Bool', ['true', 'false']],
      ['BoolIfExists', ['true']],
    ],
  },
  'aws:MultiFactorAuthPresent': {
    values: [undefined, 'true', 'false'],
    operators: [
      ['Bool', ['true', 'false']],
      ['BoolIfExists', ['true', 'false']],
      ['Null', ['true', 'false']],
    ],
  },
  'aws:CalledVia': { values: SETS, operators: [...sets([TEAM]), ['Null', ['true', 'false']]] },
  'aws:TagKeys': {
    values: SETS.filter((one) => one?.[0] !== ''),
    operators: [...sets([]), ['Null', ['true', 'false']]],
  },
  'aws:RequestTag/a': {
    values: [undefined, 'x', 'y'],
    operators: [
      ['StringEquals', ['x', 'y']],
      ['Null', ['true', 'false']],
    ],
  },
};

const ACTIONS = [
  's3:GetObject',
  's3:PutObject',
  's3:ListBucket',
  's3:CreateBucket',
  'kms:Decrypt',
  'sqs:SendMessage',
];
const ACTION_PATTERNS = [
  '*',
  's3:*',
  's3:Get*',
  's3:GetObject',
  's3:PutObject',
  's3:ListBucket',
  's3:*Object',
  's3:*Bucket',
  'kms:*',
  'kms:Decrypt',
  'sqs:SendMessage',
  'S3:PUT*',
];
const KEY = `arn:aws:kms:us-west-2:${ACCOUNT}:key/k`;
const QUEUE = `arn:aws:sqs:us-west-2:${ACCOUNT}:q`;
const OBJECTS = ['d/a', 'd/a/b', 'd/A/x', 'd/a/x', 'd/b/x', 'dx/a', 'd//x', 'd/*/x'];
const RESOURCES: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(
    ['s3:GetObject', 's3:PutObject'].map((one) => [one, OBJECTS.map((name) => `arn:aws:s3:::${name}`)]),
  ),
  ...Object.fromEntries(
    ['s3:ListBucket', 's3:CreateBucket'].map((one) => [one, ['d', 'dx', 'e'].map((name) => `arn:aws:s3:::${name}`)]),
  ),
  'kms:Decrypt': [KEY, `${KEY}2`],
  'sqs:SendMessage': [QUEUE, `${QUEUE}2`],
};
const RESOURCE_PATTERNS = [
  ...[
    '*',
    '*',
    'arn:aws:s3:::*',
    'arn:aws:s3:::d',
    'arn:aws:s3:::d*',
    'arn:aws:s3:::d/*',
    'arn:aws:s3:::d/a*',
    'arn:aws:s3:::d/a/*',
  ],
  ...[
    'arn:aws:s3:::d/?',
    'arn:aws:s3:::*/a',
    'arn:aws:s3:::d/a',
    'arn:aws:s3:::d/*/x',
    KEY,
    `${KEY}*`,
    `arn:aws:sqs:*:${ACCOUNT}:q*`,
  ],
  ...[
    'arn:aws:s3:::d/${*}/x',
    `arn:aws:s3:::d/${TEAM}/*`,
    `arn:aws:s3:::d/${TEAM}`,
    `arn:aws:s3:::d/${ENV}/x`,
    `arn:aws:s3:::d/${TEAM}/${ENV}`,
  ],
  ...[`arn:aws:s3:::d/x-${TEAM}`, `arn:aws:s3:::*/${TEAM}`],
];

const PRINCIPALS: readonly Principal[] = [
  session(ACCOUNT, 'app'),
  session(OTHER, 'app'),
  { kind: 'user', accountId: ACCOUNT, arn: `arn:aws:iam::${ACCOUNT}:user/u`, userId: 'AIDAEXAMPLE', userName: 'u' },
];
const NAMED = [
  '*',
  { AWS: '*' },
  { AWS: ACCOUNT },
  { AWS: OTHER },
  { AWS: `arn:aws:iam::${ACCOUNT}:role/app` },
  { AWS: `arn:aws:sts::${ACCOUNT}:assumed-role/app/s` },
  { AWS: `arn:aws:iam::${OTHER}:role/app` },
  { AWS: `arn:aws:iam::${ACCOUNT}:user/u` },
  { AWS: [ACCOUNT, `arn:aws:iam::${ACCOUNT}:role/app`] },
];

function conditionOf(random: Random, names: readonly string[]): Record<string, Record<string, unknown>> {
  const block: Record<string, Record<string, unknown>> = {};
  for (let count = random.below(3); count > 0; count -= 1) {
    const name = random.pick(names);
    const [operator, values] = random.pick(KEYS[name]!.operators);
    const chosen = random.some(values, 2);
    (block[operator] ??= {})[name] = operator === 'Null' ? chosen[0] : chosen;
  }
  return block;
}

type Statement = Record<string, unknown>;

function statementOf(random: Random, names: readonly string[], isResourceBased: boolean): Statement {
  const condition = conditionOf(random, names);
  return {
    Effect: random.is(3) ? 'Deny' : 'Allow',
    ...(isResourceBased && { [random.is(6) ? 'NotPrincipal' : 'Principal']: random.pick(NAMED) }),
    [random.is(6) ? 'NotAction' : 'Action']: random.some(ACTION_PATTERNS, 3),
    [random.is(6) ? 'NotResource' : 'Resource']: random.some(RESOURCE_PATTERNS, 3),
    ...(Object.keys(condition).length > 0 && { Condition: condition }),
  };
}

/** Returns the statement with another element, or another statement. */
function edited(random: Random, statement: Statement, names: readonly string[], isResourceBased: boolean): Statement {
  const other = statementOf(random, names, isResourceBased);
  const choice = random.below(5);
  const without = (...elements: string[]): Statement =>
    Object.fromEntries(Object.entries(statement).filter(([name]) => !elements.includes(name)));
  const only = (...elements: string[]): Statement =>
    Object.fromEntries(Object.entries(other).filter(([name]) => elements.includes(name)));
  if (choice === 0) return { ...without('Action', 'NotAction'), ...only('Action', 'NotAction') };
  if (choice === 1) return { ...without('Resource', 'NotResource'), ...only('Resource', 'NotResource') };
  if (choice === 2) return { ...without('Condition'), ...only('Condition') };
  if (choice === 3) return without('Condition');
  return other;
}

export interface GeneratedPair {
  readonly comparison: Comparison;
  readonly names: readonly string[];
}

export function pairOf(random: Random): GeneratedPair {
  const names = random.some(Object.keys(KEYS), 2);
  if (names.includes('aws:TagKeys') !== names.includes('aws:RequestTag/a') && random.is(2))
    names.push('aws:TagKeys', 'aws:RequestTag/a');
  const statements = (isResourceBased = false): Statement[] =>
    Array.from({ length: 1 + random.below(3) }, () => statementOf(random, names, isResourceBased));
  const named = (name: string, all: readonly Statement[]): NamedDocument => ({
    name,
    document: { Version: random.is(8) ? '2008-10-17' : '2012-10-17', Statement: all },
  });
  const kind = random.pick([
    'identityPolicies',
    'identityPolicies',
    'permissionsBoundary',
    'sessionPolicies',
    'resourcePolicy',
  ] as const);
  const others: PolicySet = {
    identityPolicies: [
      named('identity', random.is(3) ? [{ Effect: 'Allow', Action: '*', Resource: '*' }] : statements()),
    ],
    ...(random.is(4) && { permissionsBoundary: named('boundary', statements()) }),
    ...(random.is(4) && { sessionPolicies: [named('session', statements())] }),
    ...(random.is(4) && { resourcePolicy: named('resource', statements(true)) }),
  };
  const isResourceBased = kind === 'resourcePolicy';
  const first = statements(isResourceBased);
  const at = random.below(first.length);
  const second = random.is(6)
    ? first.filter((_, index) => index !== at)
    : first.map((one, index) => (index === at ? edited(random, one, names, isResourceBased) : one));
  const setOf = (all: readonly Statement[]): PolicySet => {
    const document = { name: 'changed', document: { Version: '2012-10-17', Statement: all } };
    return { ...others, [kind]: kind === 'identityPolicies' || kind === 'sessionPolicies' ? [document] : document };
  };
  return {
    names: [...new Set([...names, 'aws:PrincipalTag/team', 'aws:PrincipalTag/env'])],
    comparison: {
      ...{
        before: setOf(first),
        after: setOf(second.length === 0 ? [edited(random, first[0]!, names, isResourceBased)] : second),
      },
      principals: [{ principal: random.pick(PRINCIPALS) }],
      resourceAccount: ACCOUNT,
      onlyPrincipals: true,
      // Now and then, all known actions are compared.
      ...(!random.is(10) && { actions: ACTIONS }),
    },
  };
}

/** Yields all requests of a principal over a small alphabet, without those that AWS never has. */
export function* requestsOf(
  random: Random,
  names: readonly string[],
  principal: Principal,
  text: string,
): Generator<Omit<AuthorizationInput, 'identityPolicies'>> {
  const used = names.filter((name) => text.toLowerCase().includes(name.toLowerCase()));
  const isRuled = used.some((name) => RULED.test(name));
  const alphabet = new Map(used.map((name) => [name, random.some(KEYS[name]!.values, isRuled ? 6 : 4)]));
  for (const action of random.some(ACTIONS, 3)) {
    const contexts = [
      ...contextsOf(
        alphabet,
        used.filter((name) => isPossible(name, action)),
      ),
    ];
    for (const resource of random.some(RESOURCES[action]!, 3))
      for (const context of contexts) {
        const question = { principal, action, resource, resourceAccount: ACCOUNT, context };
        const isUnlisted = context['aws:TagKeys'] === undefined && context['aws:RequestTag/a'] !== undefined;
        if (isUnlisted && used.includes('aws:TagKeys')) continue;
        if (!isRuled || brokenKeyRules(question).length === 0) yield question;
      }
  }
}

/** Keys that only some actions of the alphabet have (Service Authorization Reference). */
const isPossible = (name: string, action: string): boolean =>
  name === 's3:prefix' || name === 's3:max-keys'
    ? action === 's3:ListBucket'
    : /^aws:(RequestTag|TagKeys)/.test(name)
      ? /CreateBucket|Decrypt|SendMessage/.test(action)
      : true;

function* contextsOf(alphabet: ReadonlyMap<string, Values>, names: readonly string[]): Generator<ConditionContext> {
  const [name, ...others] = names;
  if (name === undefined) {
    yield {};
    return;
  }
  for (const context of contextsOf(alphabet, others))
    for (const value of alphabet.get(name)!) yield value === undefined ? context : { ...context, [name]: value };
}

/** Keys of rules between keys. */
const RULED = /^aws:(CurrentTime|EpochTime|SourceIp|SourceVpce|TagKeys|RequestTag)/;
