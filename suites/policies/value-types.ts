/** The values that policy conditions accept: those of the type that the operator compares. */
import { IAM } from '@aws-sdk/client-iam';
import { expect } from 'chai';
import { check, podIdentityRole, suite } from '../../harness/index.ts';
import { policyOf, putPermissions, surprises, type Given } from './lib/malformed-policies.ts';

suite('policies', ({ scenario }) => {
  /** By operator: values of the type that it compares, and other values. */
  const VALUES: Readonly<Record<string, Readonly<Record<'taken' | 'refused', readonly unknown[]>>>> = {
    NumericEquals: {
      taken: ['10', 10, '-1', '+1', '.5', '10.', '1e3', '1E-3'],
      refused: ['ten', '', '1,5', '1.2.3', '0x10', '1 0', 'e3'],
    },
    DateLessThan: {
      taken: [
        '2025',
        '2025-06',
        '2025-06-15',
        '2025-06-15T12:30Z',
        '2025-06-15T12:30:00.5+02:00',
        '1750000000',
        1750000000,
      ],
      refused: ['today', '', '2025-13-01', '2025-6-1', '12:30', '2025-06-15T25:00:00Z', '15-06-2025'],
    },
    Bool: {
      taken: ['true', 'false', 'True', true, '${aws:PrincipalTag/team}'],
      refused: ['maybe', 'yes', '1', '', 'tru', 'truer'],
    },
    Null: { taken: ['true', 'FALSE', false], refused: ['maybe', '', '0', 'untrue', 'trues'] },
    IpAddress: {
      taken: ['203.0.113.9', '203.0.113.0/24', '0.0.0.0/0', '203.0.113.9/32', '2001:db8::/32', '::/0', '::1/128'],
      refused: [
        '203.0.113',
        '203.0.113.256',
        '203.0.113.0/33',
        '2001:db8::/129',
        '203.0.113.0/x',
        '2001:db8:::/32',
        '',
      ],
    },
    BinaryEquals: { taken: ['AQID', 'AQIDBA==', ''], refused: ['A', 'AQI', '!AQI', 'AQID=', 'AQ=D'] },
  };

  scenario('PO-63', 'IAM rejects condition values that do not have the type of their operator', {
    source:
      'IAM User Guide, "Grammar of the IAM JSON policy language"; "IAM JSON policy elements: Condition operators"',
    roles: { app: podIdentityRole() },
    probes: [
      check('values of other types are rejected', async ({ aws, name }) => {
        const iam = new IAM(await aws('iam'));
        const put = putPermissions(iam, name('<role-name:app>'));
        const policy = policyOf({ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' });
        const policies = (which: 'taken' | 'refused'): Record<string, Given> =>
          Object.fromEntries(
            Object.entries(VALUES).flatMap(([operator, values]) =>
              values[which].map((value) => [
                `${operator} ${JSON.stringify(value)}`,
                policy({ Condition: { [operator]: { 'aws:PrincipalTag/team': value } } }),
              ]),
            ),
          );
        expect(await surprises(put, 'MalformedPolicyDocument', policies('refused'), policies('taken'))).to.deep.equal(
          [],
        );
      }),
    ],
  });
});
