import { expect } from 'chai';
import { rateLimiter } from './limiter.ts';

describe('rateLimiter', () => {
  it('allows a burst, and then a number of calls per second', () => {
    let now = 0;
    const limiter = rateLimiter(1000, 500, () => now);
    const allowed = (times: number): number =>
      Array.from({ length: times }, () => limiter.allow()).filter(Boolean).length;
    expect(allowed(600)).to.equal(500);
    now = 100;
    expect(allowed(600)).to.equal(100);
    now = 10_000;
    expect(allowed(600)).to.equal(500);
  });

  it('returns the wait for a reserved permit', () => {
    const limiter = rateLimiter(4, 1, () => 0);
    expect([limiter.reserve(), limiter.reserve(), limiter.reserve()]).to.eql([0, 250, 500]);
    expect(limiter.allow()).to.equal(false);
  });
});
