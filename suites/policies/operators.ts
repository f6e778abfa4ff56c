/** How operators of conditions compare values, as the policy simulator and S3 decide. */
import { check, suite } from '../../harness/index.ts';
import { MULTIVALUED, OPERATORS, VARIABLES } from '../lib/sources.ts';
import { given, holds } from './lib/simulator.ts';

/** The value to the second, and what is a second before and behind it, each as date and as seconds since 1970. */
const TIME = '2025-06-15T12:30:00Z';
const seconds = (more: number): string => String(Date.parse(TIME) / 1000 + more);
const BEFORE = ['2025-06-15T12:29:59Z', '2025-06-15T08:29:59-04:00', '2025-06-15', '2025-06', '2025', seconds(-1)];
const SAME = [
  ...[TIME, '2025-06-15T12:30Z', '2025-06-15T12:30:00.000Z', '2025-06-15T14:30:00+02:00', '2025-06-15T08:30-04:00'],
  seconds(0),
];
const AFTER = ['2025-06-15T12:30:00.5Z', '2025-06-15T14:30:01+02:00', '2025-06-16', '2025-07', '2026', seconds(1)];

suite('policies', ({ scenario }) => {
  scenario('PO-30', 'numbers and times are compared at each edge, whatever form they are written in', {
    source: `${OPERATORS}, "Numeric condition operators" and "Date condition operators": ISO 8601 as W3C has it, or epoch time`,
    probes: [
      check('of numbers', (world) =>
        holds(world, 's3:max-keys', [given('numeric', 's3:max-keys', '10')], {
          NumericEquals: [
            ['10', 10, '10.0', ['9', '10']],
            ['9', '100', '-10', '10.5', ['9', '11']],
          ],
          NumericNotEquals: [
            ['9', '10.5', ['9', '11']],
            ['10', '10.0', ['9', '10']],
          ],
          NumericLessThan: [
            ['11', '10.5', '100', ['9', '11']],
            ['10', '9', '-11'],
          ],
          NumericLessThanEquals: [
            ['10', '10.5', '100'],
            ['9', '9.5', '-10'],
          ],
          NumericGreaterThan: [
            ['9', '9.5', '-100', '0.5'],
            ['10', '10.5', '100'],
          ],
          NumericGreaterThanEquals: [
            ['10', '9', '-100'],
            ['10.5', '11', '100'],
          ],
        }),
      ),
      check('of times', (world) =>
        holds(world, 'aws:CurrentTime', [given('date', 'aws:CurrentTime', TIME)], {
          DateEquals: [SAME, [...BEFORE, ...AFTER]],
          DateNotEquals: [[...BEFORE, ...AFTER], SAME],
        }),
      ),
      check('of earlier and later times', (world) =>
        holds(world, 'aws:CurrentTime', [given('date', 'aws:CurrentTime', TIME)], {
          DateLessThan: [AFTER, [TIME, ...BEFORE]],
          DateLessThanEquals: [[TIME, ...AFTER], BEFORE],
          DateGreaterThan: [BEFORE, [TIME, ...AFTER]],
          DateGreaterThanEquals: [[TIME, ...BEFORE], AFTER],
        }),
      ),
      check('of a time in seconds', (world) =>
        holds(world, 'aws:EpochTime', [given('date', 'aws:EpochTime', seconds(0))], {
          DateEquals: [[TIME, seconds(0)], [seconds(1)]],
          DateLessThan: [
            ['2026', seconds(1)],
            ['2025', seconds(-1)],
          ],
        }),
      ),
      check('of a request without the key', (world) =>
        holds(world, 's3:max-keys', [], {
          NumericEquals: [[], ['10']],
          NumericNotEquals: [['10'], []],
          NumericLessThanEquals: [[], ['10']],
          DateGreaterThan: [[], ['2020']],
          DateNotEquals: [['2020'], []],
        }),
      ),
    ],
  });

  scenario('PO-31', 'addresses are compared by their ranges, those of IPv4 and of IPv6 each among themselves', {
    source: `${OPERATORS}, "IP address condition operators"; RFC 4632 and RFC 4291, CIDR`,
    probes: [
      check('of IPv4', (world) =>
        holds(world, 'aws:SourceIp', [given('ip', 'aws:SourceIp', '203.0.113.9')], {
          IpAddress: [
            ['203.0.113.9', '203.0.113.9/32', '203.0.113.8/31', '203.0.113.0/24', '128.0.0.0/1', '0.0.0.0/0'],
            [
              '203.0.113.10',
              '203.0.113.8/32',
              '203.0.113.10/31',
              '203.0.112.0/24',
              '0.0.0.0/1',
              '::/0',
              '2001:db8::/32',
            ],
          ],
          NotIpAddress: [
            ['203.0.113.8/32', '203.0.112.0/24', '::/0', ['192.0.2.0/24', '198.51.100.0/24']],
            ['203.0.113.9', '203.0.113.0/24', '0.0.0.0/0', ['192.0.2.0/24', '203.0.113.0/24']],
          ],
        }),
      ),
      check('of IPv6', (world) =>
        holds(world, 'aws:SourceIp', [given('ip', 'aws:SourceIp', '2001:db8:1234:5678::9')], {
          IpAddress: [
            [
              ...['2001:db8:1234:5678::9', '2001:DB8:1234:5678:0:0:0:9', '2001:db8:1234:5678::9/128', '::/0'],
              ...['2001:db8:1234:5678::8/127', '2001:db8:1234:5678::/64', '2001:db8::/32'],
            ],
            [
              ...['2001:db8:1234:5678::a', '2001:db8:1234:5678::a/127', '2001:db8:1234:5679::/64', '2001:db9::/32'],
              '0.0.0.0/0',
            ],
          ],
          NotIpAddress: [['2001:db9::/32', '0.0.0.0/0'], ['2001:db8::/32']],
        }),
      ),
      check('of a request without an address', (world) =>
        holds(world, 'aws:SourceIp', [], {
          IpAddress: [[], ['0.0.0.0/0', '::/0']],
          NotIpAddress: [['0.0.0.0/0'], []],
          IpAddressIfExists: [['203.0.113.0/24'], []],
          Null: [
            ['true', true],
            ['false', false],
          ],
        }),
      ),
    ],
  });

  scenario(
    'PO-32',
    'texts, booleans and bytes are compared as what they are, with variables in those that may have them',
    {
      source: `${OPERATORS}, "String", "Boolean" and "Binary condition operators"; ${VARIABLES}`,
      probes: [
        check('of texts', (world) =>
          holds(world, 'aws:PrincipalTag/team', [given('string', 'aws:PrincipalTag/team', 'Red-1')], {
            StringEquals: [
              ['Red-1', ['blue', 'Red-1'], '${aws:PrincipalTag/team}'],
              ['red-1', 'Red', 'Red-12', 'Red-?', '*'],
            ],
            // To a variable without a value nothing is equal, which is what the inverted operators ask for.
            StringNotEquals: [
              ['red-1', ['blue', 'Red'], '${aws:PrincipalTag/no}', ['blue', '${aws:PrincipalTag/no}']],
              ['Red-1', ['blue', 'Red-1'], '${aws:PrincipalTag/team}', ['${aws:PrincipalTag/no}', 'Red-1']],
            ],
            StringEqualsIgnoreCase: [
              ['RED-1', 'red-1', '${aws:PrincipalTag/team}'],
              ['RED', 'red-*', 'RED-11'],
            ],
            StringNotEqualsIgnoreCase: [
              ['RED', 'red-*'],
              ['RED-1', '${aws:PrincipalTag/team}'],
            ],
            StringLike: [
              ['Red-?', 'R*1', '*', 'Red-1*', '*d-*', '${aws:PrincipalTag/team}*'],
              ['red-?', 'Red-1?', 'R', '*2'],
            ],
            StringNotLike: [
              ['red-?', 'Red-1?', '${aws:PrincipalTag/no}*'],
              ['Red-?', '*', '${aws:PrincipalTag/team}*'],
            ],
            StringEqualsIfExists: [['Red-1'], ['red-1']],
            StringNotEqualsIfExists: [['red-1'], ['Red-1']],
            StringNotLikeIfExists: [['red-?'], ['Red-?']],
            Null: [
              ['false', false, 'FALSE'],
              ['true', true, 'TRUE'],
            ],
          }),
        ),
        check('of keys in any case', (world) =>
          holds(world, 'AWS:principalTAG/team', [given('string', 'aws:PrincipalTag/team', 'Red-1')], {
            StringEquals: [['Red-1', '${AWS:PRINCIPALTAG/TEAM}'], ['${aws:PrincipalTag/teams}']],
            StringEqualsIgnoreCase: [["RED-${aws:PrincipalTag/number, '1'}"], ['${aws:PrincipalTag/teams}']],
            StringLike: [["Red-${aws:PrincipalTag/number, '1'}"], ["Red-${aws:PrincipalTag/number, '2'}"]],
          }),
        ),
        check('of booleans', (world) =>
          holds(
            world,
            'aws:SecureTransport',
            [
              given('boolean', 'aws:SecureTransport', 'true'),
              given('string', 'aws:PrincipalTag/secure', 'true'),
              given('string', 'aws:PrincipalTag/rest', 'UE'),
            ],
            {
              Bool: [
                ['true', true, ['false', 'true'], '${aws:PrincipalTag/secure}', 'tr${aws:PrincipalTag/rest}'],
                ['false', false, '${aws:PrincipalTag/no}'],
              ],
              BoolIfExists: [['true'], ['false']],
            },
          ),
        ),
        check('of a request without the key', (world) =>
          holds(world, 'aws:SecureTransport', [], {
            Bool: [[], ['true', 'false']],
            BoolIfExists: [['true', 'false'], []],
            BinaryEquals: [[], ['AQID']],
            StringNotEquals: [['true'], []],
            StringNotLike: [['*'], []],
            StringEqualsIfExists: [['true'], []],
            ArnEquals: [[], ['arn:aws:*:*:*:*']],
          }),
        ),
        check('of bytes', (world) =>
          holds(world, 'aws:PrincipalTag/bytes', [given('binary', 'aws:PrincipalTag/bytes', 'AQIDBA==')], {
            BinaryEquals: [
              ['AQIDBA==', ['AQID', 'AQIDBA==']],
              ['AQID', 'AQIDBQ==', 'AQIDBAU='],
            ],
          }),
        ),
      ],
    },
  );

  scenario('PO-33', 'of several values of a key all or any must match, of negated operators none of them', {
    source: MULTIVALUED,
    probes: [
      check('of two values', (world) =>
        holds(world, 'aws:TagKeys', [given('stringList', 'aws:TagKeys', 'team', 'stage')], {
          'ForAllValues:StringEquals': [
            [
              ['team', 'stage'],
              ['stage', 'cost', 'team'],
            ],
            ['team', ['team', 'cost'], ['Team', 'Stage']],
          ],
          'ForAnyValue:StringEquals': [
            ['team', ['cost', 'stage']],
            ['cost', ['te*'], 'Team'],
          ],
          'ForAllValues:StringNotEquals': [
            ['cost', ['cost', 'owner']],
            ['team', ['stage', 'cost'], ['team', 'stage']],
          ],
          'ForAnyValue:StringNotEquals': [['cost', 'team'], [['team', 'stage']]],
          'ForAllValues:StringLike': [
            ['*', ['te*', 'st*'], '?*'],
            ['te*', ['te*', 'co*']],
          ],
          'ForAnyValue:StringLike': [['te*', ['co*', '*e']], ['co*']],
          'ForAllValues:StringEqualsIgnoreCase': [[['TEAM', 'Stage']], ['TEAM']],
          'ForAnyValue:StringEqualsIfExists': [['team'], ['cost']],
        }),
      ),
      check('of one value', (world) =>
        holds(world, 'aws:TagKeys', [given('stringList', 'aws:TagKeys', 'team')], {
          'ForAllValues:StringEquals': [['team', ['team', 'stage']], ['cost']],
          'ForAnyValue:StringEquals': [['team'], ['cost']],
          'ForAnyValue:StringNotEquals': [['cost'], ['team', ['team', 'cost']]],
          Null: [['false'], ['true']],
        }),
      ),
      check('of an empty one', (world) =>
        holds(world, 'aws:TagKeys', [given('stringList', 'aws:TagKeys', '')], {
          'ForAllValues:StringEquals': [['team'], []],
          'ForAnyValue:StringEquals': [[], ['team']],
          'ForAnyValue:StringLike': [[], ['team']],
        }),
      ),
      check('of an empty text', (world) =>
        holds(world, 'aws:PrincipalTag/team', [given('string', 'aws:PrincipalTag/team', '')], {
          'ForAllValues:StringEquals': [['red'], []],
          'ForAnyValue:StringLike': [[], ['red', '*']],
          'ForAnyValue:StringNotEquals': [[], ['red']],
          // A tag without a value is one all the same.
          Null: [['false'], ['true']],
          StringEquals: [['', ['red', '']], ['red']],
          StringNotEquals: [['red'], ['']],
          StringLike: [
            ['*', ''],
            ['?*', 'red'],
          ],
        }),
      ),
      check('of a text', (world) =>
        holds(world, 'aws:PrincipalTag/team', [given('string', 'aws:PrincipalTag/team', 'red')], {
          'ForAllValues:StringEquals': [['red', ['red', 'blue']], ['blue']],
          'ForAnyValue:StringEquals': [['red'], ['blue', 'r*']],
        }),
      ),
      check('of a request without the key', (world) =>
        holds(world, 'aws:TagKeys', [], {
          'ForAllValues:StringEquals': [['team'], []],
          'ForAllValues:StringNotEquals': [['team'], []],
          'ForAnyValue:StringEquals': [[], ['team']],
          'ForAnyValue:StringNotEquals': [[], ['team']],
          'ForAnyValue:StringLike': [[], ['*']],
          'ForAnyValue:StringEqualsIfExists': [['team'], []],
          'ForAnyValue:StringNotEqualsIfExists': [['team'], []],
          'ForAllValues:StringEqualsIfExists': [['team'], []],
          Null: [['true'], ['false']],
        }),
      ),
    ],
  });
});
