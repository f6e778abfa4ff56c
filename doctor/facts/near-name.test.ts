import { expect } from 'chai';
import { isInRange } from './cidr.ts';
import { nearName } from './near-name.ts';

describe('nearName', () => {
  for (const [name, candidates, expected] of [
    ['ledgr', ['web', 'ledger'], 'ledger'],
    ['ledger', ['ledgers', 'ledger-api'], 'ledgers'],
    ['ledger', ['ledger'], undefined],
    ['ledger', ['legders', 'leger'], 'leger'],
    ['payments', ['paymnt'], 'paymnt'],
    ['payments', ['payers'], undefined],
    ['dev', ['db', 'dew'], 'dew'],
    ['a', ['b'], undefined],
    ['ledger-1', ['ledger-2', 'ledgr-1'], 'ledgr-1'],
  ] as const)
    it(`finds ${expected ?? 'nothing'} near ${name} among ${candidates.join(', ')}`, () =>
      expect(nearName(name, candidates)).to.equal(expected));
});

describe('isInRange', () => {
  for (const [address, range, expected] of [
    ['169.254.170.23', '169.254.0.0/16', true],
    ['169.254.170.23', '169.254.170.23', true],
    ['169.254.170.23', '169.254.170.24/32', false],
    ['169.254.170.23', '0.0.0.0/0', true],
    ['169.254.170.23', 'fd00::/8', false],
    ['fd00:ec2::23', 'fd00::/8', true],
    ['fd00:ec2::23', '10.0.0.0/8', false],
    ['169.254.170.23', 'all', false],
  ] as const)
    it(`${range} ${expected ? 'contains' : 'does not contain'} ${address}`, () =>
      expect(isInRange(address, range)).to.equal(expected));
});
