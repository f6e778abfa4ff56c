import { expect } from 'chai';
import { aResult, anOutcome } from '../../test/support/scenarios.ts';
import { filtered, filterOf, searchable } from './filter.ts';
import { hrefOf, routeOf } from './route.ts';

describe("the page's address", () => {
  it('names a view, a scenario or a probe, and a filter', () => {
    expect(routeOf('')).to.include({ view: '' });
    expect(routeOf('#timeline')).to.include({ view: 'timeline' }).and.not.have.property('scenario');
    expect(routeOf('#AB-05')).to.include({ view: 'scenarios', scenario: 'AB-05' }).and.not.have.property('probe');
    expect(routeOf('#AB-05/2?q=a+b')).to.include({ scenario: 'AB-05', probe: 2 });
    expect(routeOf('#AB-05/2?q=a+b').filter.get('q')).to.equal('a b');
    expect(hrefOf('AB-05', new URLSearchParams({ verdict: 'failed' }))).to.equal('#AB-05?verdict=failed');
  });

  it('names an unknown view if it is malformed', () => expect(routeOf('#%e0%a4').view).to.equal('%e0%a4'));

  it('filters by all its parameters', () => {
    const scenarios = [
      aResult({ id: 'AB-01', title: 'tags of a session' }),
      aResult({ id: 'AB-02', verdict: 'failed', durations: { arranging: 90, probing: 1, teardown: 0 } }),
      aResult({ id: 'IR-01', suite: 'irsa', probes: [anOutcome({ observed: { outcome: 'refused', layer: 'sts' } })] }),
    ];
    const ids = (query: string): string[] =>
      filtered(searchable(scenarios), filterOf(new URLSearchParams(query))).map(({ id }) => id);
    expect(ids('')).to.deep.equal(['AB-01', 'AB-02', 'IR-01']);
    expect(ids('q=session TAGS')).to.deep.equal(['AB-01']);
    expect(ids('q=getobject')).to.have.length(3);
    expect(ids('verdict=failed,error')).to.deep.equal(['AB-02']);
    expect(ids('suite=irsa')).to.deep.equal(['IR-01']);
    expect(ids('layer=sts')).to.deep.equal(['IR-01']);
    expect(ids('sort=slowest')[0]).to.equal('AB-02');
    expect(ids('sort=worst')[0]).to.equal('AB-02');
  });
});
