import { expect } from 'chai';
import { HarnessError } from '../../foundation/node/errors.ts';
import { configure } from '../config/configuration.ts';
import { loadSize, shares, SMALL_LOAD } from './load-size.ts';

describe('the size of a load', () => {
  const size = (...argv: string[]) => loadSize(configure(argv, {}));
  it('is small by default', () => {
    expect(size()).to.deep.equal(SMALL_LOAD);
    expect(size('--load-pods', '300', '--load-service-accounts', '60', '--load-parallelism', '60')).to.deep.equal({
      pods: 300,
      serviceAccounts: 60,
      parallelism: 60,
    });
  });
  for (const [argv, text] of [
    [['--load-pods', '5'], '--load-service-accounts is 10, but --load-pods is 5'],
    [['--load-parallelism', '5'], '--load-parallelism is 5, but --load-service-accounts is 10'],
    [['--load-pods', '1'], '--load-pods'],
    [['--load-service-accounts', '1001'], '--load-service-accounts'],
  ] as const)
    it(`is rejected for ${argv.join(' ')}`, () => expect(() => size(...argv)).to.throw(HarnessError, text));

  it('is distributed evenly', () => {
    expect(shares(7, 3)).to.deep.equal([3, 2, 2]);
    expect(shares(300, 60)).to.deep.equal(Array.from({ length: 60 }, () => 5));
  });
});
