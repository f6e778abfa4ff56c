import { expect } from 'chai';
import { CLIENT_ENDED } from '../../emulator/index.ts';
import type { AwsTarget } from '../aws-target/target.ts';
import { anEnvironment, aWorld } from '../../test/support/environment.ts';
import { aScenario } from '../../test/support/scenarios.ts';
import { workload } from '../scenario/scenario-context.ts';
import { fetchCredentials } from './fetch-credentials.ts';
import { ofWorkload } from '../scenario/operation-registry.ts';

describe('the recorded EKS Auth calls of a probe', () => {
  /**
   * Evaluates EKS Auth calls for the workload's namespace at these times. The probe runs from 1000 to `endedAt` and
   * expects `expected` calls. `connections`: the connection of each call. Default: different ones.
   */
  const recorded = (
    times: readonly number[],
    endedAt: number,
    requests = 1,
    connections: readonly number[] = times,
    expected = 1,
    abandoned?: number,
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
                {
                  operation,
                  ...when,
                  requestId: `r${receivedAt}`,
                  notes: [`token of ${namespace}/app`, ...(receivedAt === abandoned ? [CLIENT_ENDED] : [])],
                },
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

  it('are counted for the namespace during the probe', () =>
    expect(recorded([900, 1010, 1020, 1200], 1100)).to.deep.equal({
      facts: { upstreamCalls: 2 },
      unreliableFactsReason: undefined,
      requestId: 'r1020',
    }));
  it('are 0 without calls', () =>
    expect(recorded([], 1010)).to.deep.equal({ facts: { upstreamCalls: 0 }, unreliableFactsReason: undefined }));

  for (const [what, times, endedAt, requests] of [
    ['the request took so long that a call may have timed out', [1400], 1600, 1],
    ['the second came so late that it may repeat the first', [1010, 1510], 9000, 100],
  ] as const)
    it(`are unreliable if ${what}`, () =>
      expect(recorded(times, endedAt, requests)?.unreliableFactsReason).to.match(/timed out/));

  it('are reliable if there are too many, and each connection was reused', () => {
    const inconclusiveReason = (...connections: number[]) =>
      recorded([1010, 1700, 2400], 3000, 1, connections)?.unreliableFactsReason;
    expect(inconclusiveReason(1, 1, 1)).to.equal(undefined);
    expect(inconclusiveReason(1, 1, 2)).to.match(/timed out/);
    expect(inconclusiveReason(1, 2, 1)).to.match(/timed out/);
    // A missing call may have timed out before it reached EKS Auth.
    expect(recorded([1010, 1700], 3000, 1, [1, 1], 3)?.unreliableFactsReason).to.match(/timed out/);
  });
  it('are unreliable if requests may have stopped waiting for the call of another request', () => {
    expect(recorded([1010, 2011, 2020], 3000, 16, [1, 1, 1])?.unreliableFactsReason).to.match(/timed out/);
    expect(recorded([1010, 1020, 1030], 3000, 16, [1, 1, 1])?.unreliableFactsReason).to.equal(undefined);
  });
  it('are unreliable if the client of one had closed the connection', () => {
    for (const abandoned of [1010, 1020])
      expect(recorded([1010, 1020], 1100, 1, [1, 1], 1, abandoned)?.unreliableFactsReason).to.match(/given up a call/);
    expect(recorded([1010, 1020], 1100, 1, [1, 1], 1, 900)?.unreliableFactsReason).to.equal(undefined);
  });
  it('are reliable if many requests took long in total', () =>
    expect(recorded([1010, 1020], 9000, 100)?.unreliableFactsReason).to.equal(undefined));
});
