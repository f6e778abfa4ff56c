import { expect } from 'chai';
import type { CallRecord } from '../../emulator/index.ts';
import { fastPolls } from './polling.ts';

const JOB = 'arn:aws:sts::111122223333:assumed-role/nightly/job';

function calls(operation: string, times: readonly number[], resource = 'cluster/a', caller = JOB): CallRecord[] {
  return times.map((time) => ({
    requestId: `${operation}-${resource}-${time}`,
    time,
    receivedAt: time,
    connection: 1,
    milliseconds: 1,
    service: 'eks',
    operation,
    caller,
    applicationId: undefined,
    status: 200,
    errorCode: undefined,
    authorizations: [
      {
        action: `eks:${operation}`,
        resource,
        decision: { value: 'allowed' } as CallRecord['authorizations'][0]['decision'],
      },
    ],
    notes: [],
  }));
}

describe('fastPolls', () => {
  it('finds short intervals between calls on the same resource', () => {
    expect(fastPolls(calls('DescribeCluster', [0, 500, 1000, 1500, 2000, 2500]), JOB)).to.deep.equal([
      { operation: 'DescribeCluster', resource: 'cluster/a', milliseconds: 500 },
    ]);
  });

  it('ignores long intervals, few calls, other callers and operations that do not poll', () => {
    expect(fastPolls(calls('DescribeCluster', [0, 1000, 2000, 3500]), JOB)).to.deep.equal([]);
    expect(fastPolls(calls('DescribeCluster', [0, 1, 2, 3, 4]), JOB)).to.deep.equal([]);
    expect(fastPolls(calls('DescribeCluster', [0, 1, 2, 3, 4, 5], 'cluster/a', 'arn:other'), JOB)).to.deep.equal([]);
    const two = [...calls('DescribeCluster', [0, 1000, 2000]), ...calls('DescribeCluster', [1, 1001], 'cluster/b')];
    expect(fastPolls(two, JOB)).to.deep.equal([]);
    expect(fastPolls(calls('CreateRole', [0, 1, 2, 3, 4, 5]), JOB)).to.deep.equal([]);
  });
});
