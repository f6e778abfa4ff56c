import { expect } from 'chai';
import { EventualMap } from './eventual-map.ts';
import { lagOf } from './settings.ts';
import { delays, testTime } from '../../test/support/emulator/time.ts';

function mapWith(iam: number, listing: number, pace = 1) {
  const time = testTime();
  const map = new EventualMap<number>({ uptime: time, lag: lagOf(delays({ iam, listing }, pace)) });
  return { map, pass: (milliseconds: number) => time.pass(milliseconds) };
}

describe('EventualMap', () => {
  it('shows changes immediately without a lag', () => {
    const { map } = mapWith(0, 0);
    map.set('a', 1).set('a', 2).set('b', 1).delete('b');
    expect([map.elsewhere('a'), map.elsewhere('b'), [...map.listed()]]).to.deep.equal([2, undefined, [['a', 2]]]);
    expect(map.listed()).to.equal(map);
  });

  it('shows additions, changes and deletions elsewhere after the lag, in order', () => {
    const { map, pass } = mapWith(100, 0);
    map.set('a', 1);
    pass(60);
    map.set('a', 2);
    pass(30);
    map.delete('a');
    expect([map.get('a'), map.elsewhere('a')]).to.deep.equal([undefined, undefined]);
    const seen: unknown[] = [];
    for (let step = 0; step < 5; step += 1) {
      pass(30);
      seen.push(map.elsewhere('a'));
    }
    expect(seen).to.deep.equal([1, 1, 2, undefined, undefined]);
  });

  it('shows simultaneous changes together', () => {
    const { map, pass } = mapWith(100, 100);
    map.set('a', 1);
    map.set('a', 2);
    map.set('b', 1);
    pass(99);
    expect([map.elsewhere('a'), map.elsewhere('b'), map.listed().size]).to.deep.equal([undefined, undefined, 0]);
    pass(1);
    expect([map.elsewhere('a'), map.elsewhere('b')]).to.deep.equal([2, 1]);
    expect([...map.listed().keys()]).to.deep.equal(['a', 'b']);
  });

  it('lists additions and deletions after the lag, with current values', () => {
    const { map, pass } = mapWith(0, 100);
    map.set('old', 1).set('changed', 1);
    pass(200);
    map.set('new', 1).set('changed', 2).delete('old');
    expect(Object.fromEntries(map.listed())).to.deep.equal({ old: 1, changed: 2 });
    map.set('old', 3);
    expect(Object.fromEntries(map.listed())).to.deep.equal({ old: 3, changed: 2 });
    map.clear();
    pass(99);
    expect(Object.fromEntries(map.listed())).to.deep.equal({ old: 1, changed: 1 });
    pass(1);
    expect(map.listed().size).to.equal(0);
  });

  it('divides the lag by the pace', () => {
    const { map, pass } = mapWith(100, 50, 10);
    map.set('a', 1);
    pass(5);
    expect([map.elsewhere('a'), map.listed().size]).to.deep.equal([undefined, 1]);
    pass(5);
    expect(map.elsewhere('a')).to.equal(1);
  });
});
