import { expect } from 'chai';
import { identityOf, missingCalls, neededPolicy, readCalls } from './calls.ts';

const call = (number: number, action: string, resource: string, service = 's3') => ({
  ...{ number, service, status: 200, requestId: '', time: '', milliseconds: 1, operation: '', notes: [] },
  caller: 'arn:aws:sts::111122223333:assumed-role/app/session',
  authorizations: [{ action, resource, decision: 'implicitlyDenied' as const, reason: '', deciding: [] }],
});

describe('recorded calls', () => {
  it('need a policy with their actions on their resources, without those of EKS Auth and GetCallerIdentity', () => {
    const calls = [
      call(1, 's3:GetObject', 'arn:aws:s3:::data/a'),
      call(2, 's3:PutObject', 'arn:aws:s3:::data/a'),
      call(3, 's3:GetObject', 'arn:aws:s3:::data/b'),
      call(4, 'sts:GetCallerIdentity', '*', 'sts'),
      call(5, 'sts:AssumeRole', 'arn:aws:iam::111122223333:role/app', 'eks-auth'),
    ];
    expect(neededPolicy(calls).Statement).to.deep.equal([
      { Effect: 'Allow', Action: ['s3:GetObject', 's3:PutObject'], Resource: ['arn:aws:s3:::data/a'] },
      { Effect: 'Allow', Action: ['s3:GetObject'], Resource: ['arn:aws:s3:::data/b'] },
    ]);
  });

  it('are read between other lines, also without an incomplete last line, and count missing ones', () => {
    const text = `{"endpoint":"x"}\n${JSON.stringify(call(4, 's3:GetObject', '*'))}\n{"number":5,"auth`;
    const calls = readCalls(text, 'log');
    expect(calls.map(({ number }) => number)).to.deep.equal([4]);
    expect(missingCalls(calls)).to.equal(3);
    expect(calls.map(identityOf)).to.deep.equal(['app']);
    expect(() => readCalls('', 'log')).to.throw('log has no recorded calls');
  });
});
