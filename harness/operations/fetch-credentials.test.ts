import { expect } from 'chai';
import type { AwsTarget } from '../aws-target/target.ts';
import { anEnvironment, aWorld } from '../../test/support/environment.ts';
import { aScenario } from '../../test/support/scenarios.ts';
import { workload } from '../scenario/scenario-context.ts';
import { fetchCredentials } from './fetch-credentials.ts';
import { ofWorkload } from '../scenario/operation-registry.ts';

describe('what the record of calls tells of a request for credentials', () => {
  /**
   * Calls of EKS Auth for the workload's namespace at these times, for a probe from 1000 to `endedAt` that expects one. Each comes over
   * a connection of its own, or the connection of its place in `connections`.
   */
  const recorded = (
    times: readonly number[],
    endedAt: number,
    requests = 1,
    connections: readonly number[] = times,
    expected = 1,
  ) => {
    const context = aWorld(
      aScenario({ workloads: { red: { role: 'app' } } }),
      anEnvironment({
        region: 'us-west-2',
        accountId: () => '111122223333',
        controls: {
          calls: () =>
            times.flatMap((receivedAt, place) => {
              // AWS's clock may have been moved.
              const when = { receivedAt, time: receivedAt + 3_600_000, connection: connections[place] };
              const operation = 'AssumeRoleForPodIdentity';
              return [
                { operation, ...when, requestId: `r${receivedAt}`, notes: [`token of ${namespace}/app`] },
                { operation, ...when, connection: 0, notes: ['token of another/app'] },
                { operation: 'GetObject', ...when, connection: 0, notes: [namespace] },
              ];
            }),
        },
      } as unknown as AwsTarget),
    );
    const item = workload(context, 'red');
    const { namespace } = item;
    const report = { number: 0, startedAt: 1000, endedAt, outcome: 'granted', facts: { requests } } as const;
    return ofWorkload(fetchCredentials())?.recorded?.(context, item, report, {
      outcome: 'granted',
      facts: { upstreamCalls: expected },
    });
  };

  it('is how many there were for the namespace meanwhile', () =>
    expect(recorded([900, 1010, 1020, 1200], 1100)).to.deep.equal({
      facts: { upstreamCalls: 2 },
      unreliableFactsReason: undefined,
      requestId: 'r1020',
    }));
  it('is none where there were none', () =>
    expect(recorded([], 1010)).to.deep.equal({ facts: { upstreamCalls: 0 }, unreliableFactsReason: undefined }));

  for (const [what, times, endedAt, requests] of [
    ['the request took so long that one may have been given up', [1400], 1600, 1],
    ['they came so far apart that the second may be another try of the first', [1010, 1510], 9000, 100],
  ] as const)
    it(`is in doubt where ${what}`, () =>
      expect(recorded(times, endedAt, requests)?.unreliableFactsReason).to.match(/slowness/));

  it('is in no doubt where more calls came than are expected, each over a connection that was used again', () => {
    const inconclusiveReason = (...connections: number[]) =>
      recorded([1010, 1700, 2400], 3000, 1, connections)?.unreliableFactsReason;
    expect(inconclusiveReason(1, 1, 1)).to.equal(undefined);
    expect(inconclusiveReason(1, 1, 2)).to.match(/slowness/);
    expect(inconclusiveReason(1, 2, 1)).to.match(/slowness/);
    // One that is missing may have been given up ahead of EKS Auth.
    expect(recorded([1010, 1700], 3000, 1, [1, 1], 3)?.unreliableFactsReason).to.match(/slowness/);
  });
  it('is in doubt where requests may have given up waiting for another request and asked themselves', () => {
    expect(recorded([1010, 2011, 2020], 3000, 16, [1, 1, 1])?.unreliableFactsReason).to.match(/slowness/);
    expect(recorded([1010, 1020, 1030], 3000, 16, [1, 1, 1])?.unreliableFactsReason).to.equal(undefined);
  });
  it('is in no doubt where many requests took long together', () =>
    expect(recorded([1010, 1020], 9000, 100)?.unreliableFactsReason).to.equal(undefined));
});
