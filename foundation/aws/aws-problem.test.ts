import { expect } from 'chai';
import { awsProblem } from './aws-problem.ts';

const error = (name: string, message: string, more: object = {}): Error =>
  Object.assign(new Error(message), { name, ...more });

const NIGHTLY = 'arn:aws:sts::111122223333:assumed-role/nightly/ci';

describe('what AWS errors mean', () => {
  it('names principal, action, resource and reason of a denied call, by EKS as by EC2', () => {
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
      sentence: `${NIGHTLY} may not eks:CreateCluster on arn:aws:eks:us-west-2:111122223333:cluster/a (because no identity-based policy allows the eks:CreateCluster action): add it to the policy (docs/nightly.md).`,
    });
    expect(
      awsProblem(
        error(
          'UnauthorizedOperation',
          `You are not authorized to perform this operation. User: ${NIGHTLY} is not authorized to perform: ec2:DescribeSubnets because no identity-based policy allows the ec2:DescribeSubnets action. Encoded authorization failure message: c2VjcmV0`,
        ),
      )?.sentence,
    ).to.equal(
      `${NIGHTLY} may not ec2:DescribeSubnets (because no identity-based policy allows the ec2:DescribeSubnets action): add it to the policy (docs/nightly.md).`,
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
      'an SSO session that is over',
      error('CredentialsProviderError', 'The SSO session associated with this profile has expired'),
      'expired-credentials',
      'usage',
      'get new ones',
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
      'a clock that is wrong',
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
      'check the region us-west-9',
    ],
    [
      'a quota of EKS',
      error('ResourceLimitExceededException', 'You have reached the limit of clusters'),
      'quota',
      'environment',
      'limit of clusters',
    ],
    [
      'a quota of IAM',
      error('LimitExceeded', 'Cannot exceed quota for RolesPerAccount: 1000'),
      'quota',
      'environment',
      'RolesPerAccount: 1000',
    ],
    ['throttling', error('ThrottlingException', 'Rate exceeded'), 'throttled', 'environment', 'Rate exceeded'],
    [
      'a zone without room',
      error('UnsupportedAvailabilityZoneException', 'us-east-1e does not have capacity'),
      'zone',
      'usage',
      'us-east-1e',
    ],
    [
      'a name that is taken',
      error('ResourceInUseException', 'Cluster already exists with name: a'),
      'taken',
      'environment',
      'already exists',
    ],
    [
      'nobody at the endpoint',
      error('Error', 'connect ECONNREFUSED', { code: 'ECONNREFUSED', address: '127.0.0.1', port: 4599 }),
      'network',
      'environment',
      '127.0.0.1:4599 (ECONNREFUSED)',
    ],
    [
      'a service that fails',
      error('ServerException', 'oops', { $metadata: { httpStatusCode: 500 } }),
      'service',
      'environment',
      'oops',
    ],
  ];
  for (const [what, of, kind, blame, part] of KINDS)
    it(`tells ${what}`, () => {
      const problem = awsProblem(of);
      expect(problem).to.include({ kind, blame });
      expect(problem?.sentence)
        .to.include(part)
        .and.to.match(/^[^\n]+\.$/);
    });

  it('looks at the cause of an error', () => {
    expect(
      awsProblem(new Error('outer', { cause: error('SlowDown', 'Please reduce your request rate.') }))?.kind,
    ).to.equal('throttled');
  });

  it('leaves to the caller what is about a request itself', () => {
    expect(awsProblem(error('ResourceNotFoundException', 'No cluster found for name: a.'))).to.equal(undefined);
    expect(awsProblem(error('TypeError', 'x is undefined'))).to.equal(undefined);
    expect(awsProblem('text')).to.equal(undefined);
  });
});
