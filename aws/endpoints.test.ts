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
  return expect.fail('no error was thrown');
};

describe('--aws-endpoint', () => {
  it("without a service applies to all services, except EKS's on the emulator's clusters", () => {
    expect(parseEndpoints([`${A}/`], 'account')).to.deep.equal({ s3: A, iam: A, sts: A, eks: A, 'eks-auth': A });
    expect(parseEndpoints([A], 'emulator')).to.deep.equal({ s3: A, iam: A, sts: A });
    expect(parseEndpoints([], 'account')).to.deep.equal({});
  });

  it('with a service applies to that service and takes precedence', () => {
    expect(parseEndpoints([`s3=${B}`], 'account')).to.deep.equal({ s3: B });
    expect(parseEndpoints([A, `s3=${B}`], 'emulator')).to.deep.equal({ s3: B, iam: A, sts: A });
    expect(parseEndpoints([`eks-auth=${A}`], 'account')).to.deep.equal({ 'eks-auth': A });
  });

  for (const [what, values, aws, text] of [
    ['an invalid URL', ['nowhere'], 'account', 'use a URL such as'],
    ['another protocol', ['ftp://host'], 'account', 'must begin with http'],
    [
      'an unknown service',
      [`sqs=${A}`],
      'account',
      '"sqs" is not one of the services s3, iam, sts, eks, eks-auth, ec2',
    ],
    ["EKS on the emulator's clusters", [`eks=${A}`], 'emulator', 'add --cluster eks'],
    ["EKS Auth on the emulator's clusters", [`eks-auth=${A}`], 'emulator', 'add --cluster eks'],
    ['two URLs for all services', [A, B], 'account', 'only one URL may apply to all services'],
    ['two URLs for one service', [`s3=${A}`, `s3=${B}`], 'account', 's3 already has a URL'],
    ['a query', [`${A}/?x=1`], 'account', 'must not have a query'],
    ['a service without a URL', ['s3='], 'account', 'use a URL such as'],
  ] as const)
    it(`rejects ${what}`, () => expect(sentence(() => parseEndpoints(values, aws))).to.include(text));

  it('rejects a password in the URL without showing it', () => {
    const message = sentence(() => parseEndpoints(['http://user:hunter2@host'], 'account'));
    expect(message).to.include('must not contain a user or password').and.not.include('hunter2');
  });

  it('sets the endpoint variables of workloads, with URLs that pods can reach', () => {
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

  it('is required if the environment redirects a service', () => {
    expect(sentence(() => checkEnvironmentEndpoints({}, { AWS_ENDPOINT_URL: A }))).to.include('unset AWS_ENDPOINT_URL');
    expect(sentence(() => checkEnvironmentEndpoints({ s3: A }, { AWS_ENDPOINT_URL_IAM: A }))).to.include(
      "AWS's own iam",
    );
    checkEnvironmentEndpoints({ s3: A }, { AWS_ENDPOINT_URL_S3: B, AWS_ENDPOINT_URL_IAM: '' });
    checkEnvironmentEndpoints(parseEndpoints([A], 'account'), { AWS_ENDPOINT_URL: B });
  });
});
