import { expect } from 'chai';
import { awsProblem } from './aws-problem.ts';

const error = (name: string, message: string, more: object = {}): Error =>
  Object.assign(new Error(message), { name, ...more });

const NIGHTLY = 'arn:aws:sts::111122223333:assumed-role/nightly/ci';

describe('awsProblem', () => {
  it('names principal, action, resource and reason of a call that EKS or EC2 denies', () => {
    expect(
      awsProblem(
        error(
          'AccessDeniedException',
          `User: ${NIGHTLY} is not authorized to perform: eks:CreateCluster on resource: arn:aws:eks:us-west-2:111122223333:cluster/a because no identity-based policy allows the eks:CreateCluster action`,
        ),
      ),
    ).to.deep.equal({
      kind: 'denied',
      blame: 'usage',
      sentence: `${NIGHTLY} may not call eks:CreateCluster on arn:aws:eks:us-west-2:111122223333:cluster/a (because no identity-based policy allows the eks:CreateCluster action). Add it to the policy (docs/nightly.md).`,
    });
    expect(
      awsProblem(
        error(
          'UnauthorizedOperation',
          `You are not authorized to perform this operation. User: ${NIGHTLY} is not authorized to perform: ec2:DescribeSubnets because no identity-based policy allows the ec2:DescribeSubnets action. Encoded authorization failure message: c2VjcmV0`,
        ),
      )?.sentence,
    ).to.equal(
      `${NIGHTLY} may not call ec2:DescribeSubnets (because no identity-based policy allows the ec2:DescribeSubnets action). Add it to the policy (docs/nightly.md).`,
    );
  });

  const KINDS: readonly (readonly [string, Error, string, string, string])[] = [
    [
      'no credentials',
      error('CredentialsProviderError', 'Could not load credentials from any providers'),
      'no-credentials',
      'usage',
      'AWS_PROFILE',
    ],
    [
      'an expired SSO session',
      error('CredentialsProviderError', 'The SSO session associated with this profile has expired'),
      'expired-credentials',
      'usage',
      'Get new ones',
    ],
    [
      'expired credentials',
      error('ExpiredTokenException', 'The security token included in the request is expired'),
      'expired-credentials',
      'usage',
      'have expired',
    ],
    [
      'an unknown key',
      error('InvalidClientTokenId', 'The security token included in the request is invalid.'),
      'bad-credentials',
      'usage',
      'InvalidClientTokenId',
    ],
    [
      'a wrong clock',
      error('InvalidSignatureException', 'Signature expired: 20260101T000000Z is now earlier than 20260102T000000Z'),
      'clock',
      'environment',
      'AWS rejects the clock of this machine',
    ],
    ['no region', error('Error', 'Region is missing'), 'no-region', 'usage', '--region'],
    [
      'a region that does not exist',
      error('Error', 'getaddrinfo ENOTFOUND', { code: 'ENOTFOUND', hostname: 'eks.us-west-9.amazonaws.com' }),
      'wrong-region',
      'usage',
      'Check the region us-west-9',
    ],
    [
      'an exhausted quota of EKS',
      error('ResourceLimitExceededException', 'You have reached the limit of clusters'),
      'quota',
      'environment',
      'limit of clusters',
    ],
    [
      'an exhausted quota of IAM',
      error('LimitExceeded', 'Cannot exceed quota for RolesPerAccount: 1000'),
      'quota',
      'environment',
      'RolesPerAccount: 1000',
    ],
    ['throttling', error('ThrottlingException', 'Rate exceeded'), 'throttled', 'environment', 'Rate exceeded'],
    [
      'a zone without capacity',
      error('UnsupportedAvailabilityZoneException', 'us-east-1e does not have capacity'),
      'zone',
      'usage',
      'us-east-1e',
    ],
    [
      'a taken name',
      error('ResourceInUseException', 'Cluster already exists with name: a'),
      'taken',
      'environment',
      'already exists',
    ],
    [
      'an endpoint without a server',
      error('Error', 'connect ECONNREFUSED', { code: 'ECONNREFUSED', address: '127.0.0.1', port: 4599 }),
      'network',
      'environment',
      '127.0.0.1:4599 (ECONNREFUSED)',
    ],
    [
      'a service failure',
      error('ServerException', 'oops', { $metadata: { httpStatusCode: 500 } }),
      'service',
      'environment',
      'oops',
    ],
  ];
  for (const [what, thrown, kind, blame, part] of KINDS)
    it(`explains ${what}`, () => {
      const problem = awsProblem(thrown);
      expect(problem).to.include({ kind, blame });
      expect(problem?.sentence)
        .to.include(part)
        .and.to.match(/^[^\n]+\.$/);
    });

  it("explains an error's cause", () => {
    expect(
      awsProblem(new Error('outer', { cause: error('SlowDown', 'Please reduce your request rate.') }))?.kind,
    ).to.equal('throttled');
  });

  it('returns undefined for errors about the request itself', () => {
    expect(awsProblem(error('ResourceNotFoundException', 'No cluster found for name: a.'))).to.equal(undefined);
    expect(awsProblem(error('TypeError', 'x is undefined'))).to.equal(undefined);
    expect(awsProblem('text')).to.equal(undefined);
  });
});
