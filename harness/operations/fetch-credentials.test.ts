import { expect } from 'chai';
import type { AwsTarget } from '../aws/target.ts';
import { anEnvironment, aWorld } from '../../test/support/environment.ts';
import { aScenario } from '../../test/support/scenarios.ts';
import { workload } from '../world/world.ts';
import { fetchCredentials } from './fetch-credentials.ts';
import { ofWorkload } from './registry.ts';

describe('what the record of calls tells of a request for credentials', () => {
  /** Calls of EKS Auth for the workload's namespace at these times, for a probe from 1000 to `endedAt`. */
  const recorded = (times: readonly number[], endedAt: number, requests = 1) => {
    const world = aWorld(
      aScenario({ workloads: { red: { role: 'app' } } }),
      anEnvironment({
        region: 'us-west-2',
        accountId: () => '111122223333',
        controls: {
          calls: () =>
            times.flatMap((receivedAt) => {
              // AWS's clock may have been moved.
              const when = { receivedAt, time: receivedAt + 3_600_000 };
              const operation = 'AssumeRoleForPodIdentity';
              return [
                { operation, ...when, requestId: `r${receivedAt}`, notes: [`token of ${namespace}/app`] },
                { operation, ...when, notes: ['token of another/app'] },
                { operation: 'GetObject', ...when, notes: [namespace] },
              ];
            }),
        },
      } as unknown as AwsTarget),
    );
    const item = workload(world, 'red');
    const { namespace } = item;
    const report = { number: 0, startedAt: 1000, endedAt, outcome: 'granted', facts: { requests } } as const;
    return ofWorkload(fetchCredentials())?.recorded?.(world, item, report);
  };

  it('is how many there were for the namespace meanwhile', () =>
    expect(recorded([900, 1010, 1020, 1200], 1100)).to.deep.equal({
      facts: { upstreamCalls: 2 },
      doubt: undefined,
      requestId: 'r1020',
    }));
  it('is none where there were none', () =>
    expect(recorded([], 1010)).to.deep.equal({ facts: { upstreamCalls: 0 }, doubt: undefined }));

  for (const [what, times, endedAt, requests] of [
    ['the request took so long that one may have been given up', [1400], 1600, 1],
    ['they came so far apart that the second may be another try of the first', [1010, 1510], 9000, 100],
  ] as const)
    it(`is in doubt where ${what}`, () => expect(recorded(times, endedAt, requests)?.doubt).to.match(/slowness/));

  it('is in no doubt where many requests took long together', () =>
    expect(recorded([1010, 1020], 9000, 100)?.doubt).to.equal(undefined));
});
