import { expect } from 'chai';
import { HarnessError } from '../foundation/node/errors.ts';
import { checkEnvironmentEndpoints, parseEndpoints, workloadEnvironment } from './endpoints.ts';

const A = 'http://127.0.0.1:4566';
const B = 'https://s3.example.com/base';

const sentence = (call: () => unknown): string => {
  try {
    call();
  } catch (error) {
    expect(error).to.be.instanceOf(HarnessError);
    expect((error as HarnessError).exitCode).to.equal(2);
    return (error as Error).message;
  }
  return expect.fail('it was taken');
};

describe('--aws-endpoint', () => {
  it('stands for all services without a name, and on other clusters for those without EKS', () => {
    expect(parseEndpoints([`${A}/`], 'account')).to.deep.equal({ s3: A, iam: A, sts: A, eks: A, 'eks-auth': A });
    expect(parseEndpoints([A], 'emulator')).to.deep.equal({ s3: A, iam: A, sts: A });
    expect(parseEndpoints([], 'account')).to.deep.equal({});
  });

  it('stands for one service with its name, which wins', () => {
    expect(parseEndpoints([`s3=${B}`], 'account')).to.deep.equal({ s3: B });
    expect(parseEndpoints([A, `s3=${B}`], 'emulator')).to.deep.equal({ s3: B, iam: A, sts: A });
    expect(parseEndpoints([`eks-auth=${A}`], 'account')).to.deep.equal({ 'eks-auth': A });
  });

  for (const [what, values, aws, text] of [
    ['a URL that is none', ['nowhere'], 'account', 'give a URL such as'],
    ['another protocol', ['ftp://host'], 'account', 'must begin with http'],
    ['an unknown service', [`sqs=${A}`], 'account', '"sqs" is not one of the services s3, iam, sts, eks, eks-auth'],
    ['EKS on other clusters', [`eks=${A}`], 'emulator', 'add --cluster eks'],
    ['EKS Auth on other clusters', [`eks-auth=${A}`], 'emulator', 'add --cluster eks'],
    ['two for all', [A, B], 'account', 'another URL for all services'],
    ['two for one', [`s3=${A}`, `s3=${B}`], 'account', 'another URL for s3'],
    ['a query', [`${A}/?x=1`], 'account', 'must end with host, port or path'],
    ['nothing after a name', ['s3='], 'account', 'give a URL such as'],
  ] as const)
    it(`refuses ${what}`, () => expect(sentence(() => parseEndpoints(values, aws))).to.include(text));

  it('refuses a password in the URL, and does not show it', () => {
    const said = sentence(() => parseEndpoints(['http://user:hunter2@host'], 'account'));
    expect(said).to.include('must not hold a user or password').and.not.include('hunter2');
  });

  it('leads workloads there as they reach it', () => {
    const inPod = (url: string): string => url.replace('127.0.0.1', '172.18.0.1');
    expect(workloadEnvironment(parseEndpoints([A], 'account'), inPod)).to.deep.equal({
      AWS_ENDPOINT_URL: 'http://172.18.0.1:4566',
    });
    expect(workloadEnvironment(parseEndpoints([`s3=${B}`, `eks-auth=${A}`], 'account'))).to.deep.equal({
      AWS_ENDPOINT_URL_S3: B,
      AWS_ENDPOINT_URL_EKS_AUTH: A,
    });
    expect(workloadEnvironment({})).to.deep.equal({});
  });

  it('is asked for where the environment would lead elsewhere', () => {
    expect(sentence(() => checkEnvironmentEndpoints({}, { AWS_ENDPOINT_URL: A }))).to.include('unset AWS_ENDPOINT_URL');
    expect(sentence(() => checkEnvironmentEndpoints({ s3: A }, { AWS_ENDPOINT_URL_IAM: A }))).to.include(
      'use iam of AWS',
    );
    checkEnvironmentEndpoints({ s3: A }, { AWS_ENDPOINT_URL_S3: B, AWS_ENDPOINT_URL_IAM: '' });
    checkEnvironmentEndpoints(parseEndpoints([A], 'account'), { AWS_ENDPOINT_URL: B });
  });
});
