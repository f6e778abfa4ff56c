/** How condition operators compare values, according to the policy simulator and S3. */
import { suite } from '../../harness/index.ts';
import { MULTIVALUED, OPERATORS, VARIABLES } from '../lib/sources.ts';
import { given, holds } from './lib/simulator.ts';

/** A time, and values up to a second before and after it, as dates and as seconds since 1970. */
const TIME = '2025-06-15T12:30:00Z';
const seconds = (more: number): string => String(Date.parse(TIME) / 1000 + more);
const BEFORE = ['2025-06-15T12:29:59Z', '2025-06-15T08:29:59-04:00', '2025-06-15', '2025-06', '2025', seconds(-1)];
const SAME = [
  ...[TIME, '2025-06-15T12:30Z', '2025-06-15T12:30:00.000Z', '2025-06-15T14:30:00+02:00', '2025-06-15T08:30-04:00'],
  seconds(0),
];
const AFTER = ['2025-06-15T12:30:00.5Z', '2025-06-15T14:30:01+02:00', '2025-06-16', '2025-07', '2026', seconds(1)];

suite('policies', ({ scenario }) => {
  scenario('PO-30', 'operators compare numbers and times exactly, in every notation', {
    source: `${OPERATORS}, "Numeric condition operators" and "Date condition operators": W3C implementations of ISO 8601, or epoch time`,
    probes: [
      holds('numbers', 's3:max-keys', [given('numeric', 's3:max-keys', '10')], {
        NumericEquals: { holds: ['10', 10, '10.0', ['9', '10']], not: ['9', '100', '-10', '10.5', ['9', '11']] },
        NumericNotEquals: { holds: ['9', '10.5', ['9', '11']], not: ['10', '10.0', ['9', '10']] },
        NumericLessThan: { holds: ['11', '10.5', '100', ['9', '11']], not: ['10', '9', '-11'] },
        NumericLessThanEquals: { holds: ['10', '10.5', '100'], not: ['9', '9.5', '-10'] },
        NumericGreaterThan: { holds: ['9', '9.5', '-100', '0.5'], not: ['10', '10.5', '100'] },
        NumericGreaterThanEquals: { holds: ['10', '9', '-100'], not: ['10.5', '11', '100'] },
      }),
      holds('times', 'aws:CurrentTime', [given('date', 'aws:CurrentTime', TIME)], {
        DateEquals: { holds: SAME, not: [...BEFORE, ...AFTER] },
        DateNotEquals: { holds: [...BEFORE, ...AFTER], not: SAME },
      }),
      holds('earlier and later times', 'aws:CurrentTime', [given('date', 'aws:CurrentTime', TIME)], {
        DateLessThan: { holds: AFTER, not: [TIME, ...BEFORE] },
        DateLessThanEquals: { holds: [TIME, ...AFTER], not: BEFORE },
        DateGreaterThan: { holds: BEFORE, not: [TIME, ...AFTER] },
        DateGreaterThanEquals: { holds: [TIME, ...BEFORE], not: AFTER },
      }),
      holds('times in seconds', 'aws:EpochTime', [given('date', 'aws:EpochTime', seconds(0))], {
        DateEquals: { holds: [TIME, seconds(0)], not: [seconds(1)] },
        DateLessThan: { holds: ['2026', seconds(1)], not: ['2025', seconds(-1)] },
      }),
      holds('a request without the key', 's3:max-keys', [], {
        NumericEquals: { holds: [], not: ['10'] },
        NumericNotEquals: { holds: ['10'], not: [] },
        NumericLessThanEquals: { holds: [], not: ['10'] },
        DateGreaterThan: { holds: [], not: ['2020'] },
        DateNotEquals: { holds: ['2020'], not: [] },
      }),
    ],
  });

  scenario('PO-31', 'address operators compare ranges, separately for IPv4 and IPv6', {
    source: `${OPERATORS}, "IP address condition operators"; RFC 4632 and RFC 4291, CIDR`,
    probes: [
      holds('IPv4 addresses', 'aws:SourceIp', [given('ip', 'aws:SourceIp', '203.0.113.9')], {
        IpAddress: {
          holds: ['203.0.113.9', '203.0.113.9/32', '203.0.113.8/31', '203.0.113.0/24', '128.0.0.0/1', '0.0.0.0/0'],
          not: [
            '203.0.113.10',
            '203.0.113.8/32',
            '203.0.113.10/31',
            '203.0.112.0/24',
            '0.0.0.0/1',
            '::/0',
            '2001:db8::/32',
          ],
        },
        NotIpAddress: {
          holds: ['203.0.113.8/32', '203.0.112.0/24', '::/0', ['192.0.2.0/24', '198.51.100.0/24']],
          not: ['203.0.113.9', '203.0.113.0/24', '0.0.0.0/0', ['192.0.2.0/24', '203.0.113.0/24']],
        },
      }),
      holds('IPv6 addresses', 'aws:SourceIp', [given('ip', 'aws:SourceIp', '2001:db8:1234:5678::9')], {
        IpAddress: {
          holds: [
            ...['2001:db8:1234:5678::9', '2001:DB8:1234:5678:0:0:0:9', '2001:db8:1234:5678::9/128', '::/0'],
            ...['2001:db8:1234:5678::8/127', '2001:db8:1234:5678::/64', '2001:db8::/32'],
          ],
          not: [
            ...['2001:db8:1234:5678::a', '2001:db8:1234:5678::a/127', '2001:db8:1234:5679::/64', '2001:db9::/32'],
            '0.0.0.0/0',
          ],
        },
        NotIpAddress: { holds: ['2001:db9::/32', '0.0.0.0/0'], not: ['2001:db8::/32'] },
      }),
      holds('a request without an address', 'aws:SourceIp', [], {
        IpAddress: { holds: [], not: ['0.0.0.0/0', '::/0'] },
        NotIpAddress: { holds: ['0.0.0.0/0'], not: [] },
        IpAddressIfExists: { holds: ['203.0.113.0/24'], not: [] },
        Null: { holds: ['true', true], not: ['false', false] },
      }),
    ],
  });

  scenario('PO-32', 'operators compare strings, booleans and bytes by type, and resolve policy variables', {
    source: `${OPERATORS}, "String", "Boolean" and "Binary condition operators"; ${VARIABLES}`,
    probes: [
      holds('strings', 'aws:PrincipalTag/team', [given('string', 'aws:PrincipalTag/team', 'Red-1')], {
        StringEquals: {
          holds: ['Red-1', ['blue', 'Red-1'], '${aws:PrincipalTag/team}'],
          not: ['red-1', 'Red', 'Red-12', 'Red-?', '*'],
        },
        // Nothing equals a variable without a value, so negated operators match.
        StringNotEquals: {
          holds: ['red-1', ['blue', 'Red'], '${aws:PrincipalTag/no}', ['blue', '${aws:PrincipalTag/no}']],
          not: ['Red-1', ['blue', 'Red-1'], '${aws:PrincipalTag/team}', ['${aws:PrincipalTag/no}', 'Red-1']],
        },
        StringEqualsIgnoreCase: {
          holds: ['RED-1', 'red-1', '${aws:PrincipalTag/team}'],
          not: ['RED', 'red-*', 'RED-11'],
        },
        StringNotEqualsIgnoreCase: { holds: ['RED', 'red-*'], not: ['RED-1', '${aws:PrincipalTag/team}'] },
        StringLike: {
          holds: ['Red-?', 'R*1', '*', 'Red-1*', '*d-*', '${aws:PrincipalTag/team}*'],
          not: ['red-?', 'Red-1?', 'R', '*2'],
        },
        StringNotLike: {
          holds: ['red-?', 'Red-1?', '${aws:PrincipalTag/no}*'],
          not: ['Red-?', '*', '${aws:PrincipalTag/team}*'],
        },
        StringEqualsIfExists: { holds: ['Red-1'], not: ['red-1'] },
        StringNotEqualsIfExists: { holds: ['red-1'], not: ['Red-1'] },
        StringNotLikeIfExists: { holds: ['red-?'], not: ['Red-?'] },
        Null: { holds: ['false', false, 'FALSE'], not: ['true', true, 'TRUE'] },
      }),
      holds('keys in any case', 'AWS:principalTAG/team', [given('string', 'aws:PrincipalTag/team', 'Red-1')], {
        StringEquals: { holds: ['Red-1', '${AWS:PRINCIPALTAG/TEAM}'], not: ['${aws:PrincipalTag/teams}'] },
        StringEqualsIgnoreCase: {
          holds: ["RED-${aws:PrincipalTag/number, '1'}"],
          not: ['${aws:PrincipalTag/teams}'],
        },
        StringLike: { holds: ["Red-${aws:PrincipalTag/number, '1'}"], not: ["Red-${aws:PrincipalTag/number, '2'}"] },
      }),
      holds(
        'booleans',
        'aws:SecureTransport',
        [
          given('boolean', 'aws:SecureTransport', 'true'),
          given('string', 'aws:PrincipalTag/secure', 'true'),
          given('string', 'aws:PrincipalTag/rest', 'UE'),
        ],
        {
          Bool: {
            holds: ['true', true, ['false', 'true'], '${aws:PrincipalTag/secure}', 'tr${aws:PrincipalTag/rest}'],
            not: ['false', false, '${aws:PrincipalTag/no}'],
          },
          BoolIfExists: { holds: ['true'], not: ['false'] },
        },
      ),
      holds('a request without the key', 'aws:SecureTransport', [], {
        Bool: { holds: [], not: ['true', 'false'] },
        BoolIfExists: { holds: ['true', 'false'], not: [] },
        BinaryEquals: { holds: [], not: ['AQID'] },
        StringNotEquals: { holds: ['true'], not: [] },
        StringNotLike: { holds: ['*'], not: [] },
        StringEqualsIfExists: { holds: ['true'], not: [] },
        ArnEquals: { holds: [], not: ['arn:aws:*:*:*:*'] },
      }),
      holds('bytes', 'aws:PrincipalTag/bytes', [given('binary', 'aws:PrincipalTag/bytes', 'AQIDBA==')], {
        BinaryEquals: { holds: ['AQIDBA==', ['AQID', 'AQIDBA==']], not: ['AQID', 'AQIDBQ==', 'AQIDBAU='] },
      }),
    ],
  });

  scenario('PO-33', 'set operators require that all or any values of a key match', {
    source: MULTIVALUED,
    probes: [
      holds('two values', 'aws:TagKeys', [given('stringList', 'aws:TagKeys', 'team', 'stage')], {
        'ForAllValues:StringEquals': {
          holds: [
            ['team', 'stage'],
            ['stage', 'cost', 'team'],
          ],
          not: ['team', ['team', 'cost'], ['Team', 'Stage']],
        },
        'ForAnyValue:StringEquals': { holds: ['team', ['cost', 'stage']], not: ['cost', ['te*'], 'Team'] },
        'ForAllValues:StringNotEquals': {
          holds: ['cost', ['cost', 'owner']],
          not: ['team', ['stage', 'cost'], ['team', 'stage']],
        },
        'ForAnyValue:StringNotEquals': { holds: ['cost', 'team'], not: [['team', 'stage']] },
        'ForAllValues:StringLike': { holds: ['*', ['te*', 'st*'], '?*'], not: ['te*', ['te*', 'co*']] },
        'ForAnyValue:StringLike': { holds: ['te*', ['co*', '*e']], not: ['co*'] },
        'ForAllValues:StringEqualsIgnoreCase': { holds: [['TEAM', 'Stage']], not: ['TEAM'] },
        'ForAnyValue:StringEqualsIfExists': { holds: ['team'], not: ['cost'] },
      }),
      holds('one value', 'aws:TagKeys', [given('stringList', 'aws:TagKeys', 'team')], {
        'ForAllValues:StringEquals': { holds: ['team', ['team', 'stage']], not: ['cost'] },
        'ForAnyValue:StringEquals': { holds: ['team'], not: ['cost'] },
        'ForAnyValue:StringNotEquals': { holds: ['cost'], not: ['team', ['team', 'cost']] },
        Null: { holds: ['false'], not: ['true'] },
      }),
      holds('an empty value', 'aws:TagKeys', [given('stringList', 'aws:TagKeys', '')], {
        'ForAllValues:StringEquals': { holds: ['team'], not: [] },
        'ForAnyValue:StringEquals': { holds: [], not: ['team'] },
        'ForAnyValue:StringLike': { holds: [], not: ['team'] },
      }),
      holds('an empty string', 'aws:PrincipalTag/team', [given('string', 'aws:PrincipalTag/team', '')], {
        'ForAllValues:StringEquals': { holds: ['red'], not: [] },
        'ForAnyValue:StringLike': { holds: [], not: ['red', '*'] },
        'ForAnyValue:StringNotEquals': { holds: [], not: ['red'] },
        // A tag with an empty value still exists.
        Null: { holds: ['false'], not: ['true'] },
        StringEquals: { holds: ['', ['red', '']], not: ['red'] },
        StringNotEquals: { holds: ['red'], not: [''] },
        StringLike: { holds: ['*', ''], not: ['?*', 'red'] },
      }),
      holds('a single string', 'aws:PrincipalTag/team', [given('string', 'aws:PrincipalTag/team', 'red')], {
        'ForAllValues:StringEquals': { holds: ['red', ['red', 'blue']], not: ['blue'] },
        'ForAnyValue:StringEquals': { holds: ['red'], not: ['blue', 'r*'] },
      }),
      holds('a request without the key', 'aws:TagKeys', [], {
        'ForAllValues:StringEquals': { holds: ['team'], not: [] },
        'ForAllValues:StringNotEquals': { holds: ['team'], not: [] },
        'ForAnyValue:StringEquals': { holds: [], not: ['team'] },
        'ForAnyValue:StringNotEquals': { holds: [], not: ['team'] },
        'ForAnyValue:StringLike': { holds: [], not: ['*'] },
        'ForAnyValue:StringEqualsIfExists': { holds: ['team'], not: [] },
        'ForAnyValue:StringNotEqualsIfExists': { holds: ['team'], not: [] },
        'ForAllValues:StringEqualsIfExists': { holds: ['team'], not: [] },
        Null: { holds: ['true'], not: ['false'] },
      }),
    ],
  });
});
