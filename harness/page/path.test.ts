import { expect } from 'chai';
import type { ProbeOutcome, ReceivedCall } from '../results/results.ts';
import { anOutcome } from '../../test/support/scenarios.ts';
import { pathOf } from './path.ts';

const call = (service: string, operation: string): ReceivedCall => ({
  requestId: operation,
  service,
  operation,
  caller: 'anonymous',
  receivedAt: 0,
  milliseconds: 4,
  status: 200,
  notes: [],
  decisions: [],
});
const OPENED = call('eks-auth', 'AssumeRoleForPodIdentity');
const SESSION = { arn: 'arn:aws:sts::111122223333:assumed-role/app/eks-c1-app-1-0f63', account: '111122223333' };

const way = (probe: Partial<ProbeOutcome>, calls: readonly ReceivedCall[] = []): string =>
  pathOf(anOutcome(probe), calls)
    .map(({ name, state }) => `${name}${state === 'passed' ? '' : ` (${state})`}`)
    .join(' > ');

describe('the path of a request', () => {
  it('with Pod Identity passes agent and EKS Auth, and ends at the service of the operation', () => {
    const observed = { outcome: 'granted', identity: SESSION } as const;
    const calls = [OPENED, call('s3', 'GetObject')];
    expect(way({ observed }, calls)).to.equal('Pod > Injection > Agent > EKS Auth > STS > S3');
    expect(way({ observed, operation: 'GetCallerIdentity' }, calls)).to.equal(
      'Pod > Injection > Agent > EKS Auth > STS',
    );
    expect(way({ observed, operation: 'FetchCredentials' }, calls)).to.equal('Pod > Injection > Agent > EKS Auth');
    // Without a record of calls, the session's name shows Pod Identity.
    expect(way({ observed })).to.equal('Pod > Injection > Agent > EKS Auth > STS > S3');
  });

  it('with a web identity passes STS', () => {
    const observed = { outcome: 'refused', layer: 'sts', code: 'AccessDenied' } as const;
    const calls = [call('sts', 'AssumeRoleWithWebIdentity')];
    expect(way({ observed }, calls)).to.equal('Pod > Injection > STS (stopped) > S3 (not reached)');
  });

  it('stops at the layer that refused or denied the request', () => {
    const stopped = (layer: 'injection' | 'agent' | 'eks-auth' | 's3'): string =>
      way({ observed: { outcome: layer === 's3' ? 'denied' : 'refused', layer, identity: SESSION } });
    expect(stopped('agent')).to.equal(
      'Pod > Injection > Agent (stopped) > EKS Auth (not reached) > STS (not reached) > S3 (not reached)',
    );
    expect(stopped('eks-auth')).to.contain('Agent > EKS Auth (stopped) > STS (not reached)');
    expect(stopped('s3')).to.contain('STS > S3 (stopped)');
    expect(stopped('injection')).to.match(/^Pod > Injection \(stopped\) >/);
  });

  it('does not stop at an absent object, whose access was allowed', () =>
    expect(way({ observed: { outcome: 'absent', layer: 's3', identity: SESSION } })).to.match(/ > S3$/));

  it('is unknown after an error without a layer', () =>
    expect(way({ observed: { outcome: 'error', identity: SESSION } })).to.contain('Injection (unknown)'));

  it("of the harness's probes consists of the called services", () => {
    const observed = { outcome: 'refused', layer: 'eks', code: 'ResourceNotFoundException', status: 404 } as const;
    expect(way({ workload: null, observed, operation: 'DescribeCluster' })).to.equal('Harness > EKS (stopped)');
    const [, hop] = pathOf(anOutcome({ workload: null, observed }), [call('eks', 'DescribeCluster')]);
    expect(hop?.details).to.deep.equal(['DescribeCluster 4\u00a0ms', '404 ResourceNotFoundException']);
  });

  it('is empty for a probe that did not run', () => expect(way({ observed: null })).to.equal(''));
});
