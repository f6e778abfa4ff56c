/** Generates conditions and request contexts for every condition operator. The alphabets are small, so that they often match. */
import fc, { type Arbitrary } from 'fast-check';
import { CONDITION_OPERATORS } from './condition-operators.ts';
import type { Question } from './policy-evaluation.ts';

export const ACCOUNT = '111122223333';
export const OTHER_ACCOUNT = '444455556666';
export const PROVIDER = `arn:aws:iam::${ACCOUNT}:oidc-provider/oidc.example`;
export const SERVICE = 'pods.eks.amazonaws.com';

export const PRINCIPALS = [
  `arn:aws:sts::${ACCOUNT}:assumed-role/app/one`,
  `arn:aws:sts::${ACCOUNT}:assumed-role/app/two`,
  `arn:aws:iam::${ACCOUNT}:user/alice`,
  `arn:aws:sts::${OTHER_ACCOUNT}:assumed-role/app/one`,
  `arn:aws:iam::${OTHER_ACCOUNT}:user/alice`,
];
export const ROOTS = [`arn:aws:iam::${ACCOUNT}:root`, `arn:aws:iam::${OTHER_ACCOUNT}:root`];
interface Alphabet {
  readonly key: string;
  readonly operators: RegExp;
  readonly policy: readonly (string | number | boolean)[];
  readonly request: readonly string[];
}

export const TAG = '${aws:PrincipalTag/team}';
/** Values of keys in policies and requests, for each type. Multivalued keys have the same values. */
const ALPHABETS: readonly Alphabet[] = [
  {
    key: 'aws:RequestTag/env',
    operators: /^String/,
    policy: [
      ...[
        'blue',
        'BLUE',
        'blue',
        'red',
        'RED',
        '',
        '*',
        'bl*',
        '?lue',
        'b*e',
        '$',
        '${$}',
        'b${*}e',
        'bl${?}e',
        'x${*}*',
      ],
      ...[TAG, '${AWS:principaltag/TEAM}', "${aws:PrincipalTag/team, 'blue'}", 'x${aws:username}', '${aws:username}*'],
    ],
    request: [
      'blue',
      'Blue',
      'red',
      '',
      'b*e',
      'bl?e',
      'bl*',
      '$',
      'xalice',
      'alice',
      'x*y',
      '${$}',
      TAG,
      'blue',
      'blue',
      'red',
    ],
  },
  {
    key: 's3:max-keys',
    operators: /^Numeric/,
    policy: ['5', '10', '5.0', '-1', 7, '0.5'],
    request: ['5', '10', '9', '7.0', '-1', '5.5', '0', '0.50'],
  },
  {
    key: 'aws:CurrentTime',
    operators: /^Date/,
    policy: [
      ...['2026-03-01T12:00:00Z', '2026-03-01', '1772366400', '2026-03-01T13:00:00+01:00', '2026-03-01T12:00Z'],
      ...['2026-03', '2026-03-01T12:00:00.5Z'],
    ],
    request: [
      '2026-03-01T12:00:00Z',
      '1772366400',
      '2026-02-28T00:00:00Z',
      '2026-03-01T00:00:00Z',
      '2027-01-01T00:00:00Z',
    ],
  },
  {
    key: 'aws:SecureTransport',
    operators: /^Bool/,
    policy: ['true', 'false', true, false],
    request: ['true', 'false'],
  },
  {
    key: 'example:Digest',
    operators: /^Binary/,
    policy: ['QmluYXJ5', 'AAEC', '/w=='],
    request: ['QmluYXJ5', 'AAEC', '/w=='],
  },
  {
    key: 'aws:SourceIp',
    operators: /IpAddress$/,
    policy: [
      ...['203.0.113.0/24', '203.0.113.7', '203.0.113.7/32', '10.0.0.0/8', '10.1.2.3/15', '0.0.0.0/0'],
      ...['::/0', '2001:db8::/32', '2001:DB8:1234:5678::/64', '2001:db8::1'],
    ],
    request: [
      '203.0.113.7',
      '203.0.114.1',
      '10.1.2.3',
      '10.0.9.9',
      '2001:db8:1234:5678::1',
      '2001:0db8:0:0:0:0:0:1',
      '::2',
    ],
  },
  {
    key: 'aws:SourceArn',
    operators: /^Arn/,
    policy: [
      ...[
        'arn:aws:sns:*:111122223333:topic',
        'arn:aws:sns:us-west-2:*:top*',
        'arn:aws:sns:us-west-2:111122223333:t*:*',
      ],
      ...['arn:aws:s3:::data/*', 'arn:aws:s3:::da?a', 'arn:*:s3:::*', `arn:aws:s3:::${TAG}/x`, 'arn:aws:s3:::bl${*}'],
      ...['arn:aws:someservice:*:111122223333:finance/*', 'arn:aws:someservice:*:*:*'],
    ],
    request: [
      ...['arn:aws:sns:us-west-2:111122223333:topic', 'arn:aws:sns:us-west-2:111122223333:topic:sub'],
      ...[
        'arn:aws:s3:::data/x',
        'arn:aws:s3:::data',
        'arn:aws:s3:::blue/x',
        'arn:aws:s3:::bl*',
        'arn:aws-cn:s3:::data',
      ],
      'arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt',
    ],
  },
];

/** Values of keys that the engine derives from requester and resource. */
const DERIVED: Readonly<Record<string, readonly string[]>> = {
  'aws:PrincipalArn': [`arn:aws:iam::${ACCOUNT}:role/app`, `arn:aws:iam::${OTHER_ACCOUNT}:*`, ...PRINCIPALS, ...ROOTS],
  'aws:PrincipalAccount': [ACCOUNT, OTHER_ACCOUNT],
  'aws:PrincipalType': ['AssumedRole', 'User', 'Account', 'Anonymous'],
  'aws:PrincipalIsAWSService': ['true', 'false'],
  'aws:PrincipalServiceName': [SERVICE, 'ec2.amazonaws.com'],
  'aws:ResourceAccount': [ACCOUNT, OTHER_ACCOUNT],
  'aws:username': ['alice', 'bob'],
};

const several = (alphabet: Alphabet): string => `example:Several${alphabet.operators.source.replace(/\W/g, '')}`;
const KEYS = ALPHABETS.flatMap((alphabet) => [alphabet.key, several(alphabet)]);

/** Generates one of the values, or a list of up to `most` of them. */
export const some = <T>(values: readonly T[], most: number): Arbitrary<T | T[]> =>
  fc.oneof(
    fc.constantFrom(...values),
    fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: most, size: 'max' }),
  );

const conditionsOfAlphabets = Object.keys(CONDITION_OPERATORS).map((operator) => {
  const alphabet = ALPHABETS.find(({ operators }) => operators.test(operator));
  if (alphabet === undefined) throw new Error(`No alphabet supports ${operator}.`);
  return fc
    .record({
      set: fc.constantFrom('', 'ForAllValues:', 'ForAnyValue:'),
      ifExists: fc.constantFrom('', 'IfExists'),
      values: some(alphabet.policy, 4),
    })
    .map(({ set, ifExists, values }) => ({
      [`${set}${operator}${ifExists}`]: { [set === '' ? alphabet.key : several(alphabet)]: values },
    }));
});
const condition = fc.oneof(
  { weight: 12, arbitrary: fc.oneof(...conditionsOfAlphabets) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...KEYS), fc.constantFrom('true', 'false', true, false))
      .map(([key, value]) => ({ Null: { [key]: value } })),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(...Object.entries(DERIVED)).chain(([key, values]) =>
      fc
        .record({
          operator: fc.constantFrom('Like', 'NotLike', 'Equals', 'NotEquals', 'LikeIfExists', 'NotLikeIfExists'),
          spelling: fc.constantFrom(key, key.toUpperCase()),
          value: some(values, 2),
        })
        .map(({ operator, spelling, value }) => ({
          [`${key === 'aws:PrincipalArn' ? 'Arn' : 'String'}${operator}`]: { [spelling]: value },
        })),
    ),
  },
);
/** Generates up to two conditions, as members of a statement. */
export const conditions = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  { weight: 4, arbitrary: condition.map((Condition) => ({ Condition })) },
  {
    weight: 1,
    arbitrary: fc.tuple(condition, condition).map(([one, other]) => ({ Condition: { ...one, ...other } })),
  },
);
export const contexts = fc
  .tuple(
    fc.option(fc.constantFrom('blue', 'red'), { nil: undefined, freq: 3 }),
    ...ALPHABETS.flatMap(({ request }) => [
      fc.option(fc.constantFrom(...request), { nil: undefined, freq: 3 }),
      fc.option(fc.uniqueArray(fc.constantFrom(...request.slice(0, 5)), { maxLength: 2 }), { nil: undefined, freq: 3 }),
    ]),
  )
  .map(([team, ...values]) => {
    const entries = [['aws:PrincipalTag/team', team], ...KEYS.map((key, index) => [key, values[index]])];
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Question['request']['context'];
  });
