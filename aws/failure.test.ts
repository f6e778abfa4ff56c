import { expect } from 'chai';
import { HarnessError } from '../foundation/node/errors.ts';
import { awsFailure } from './failure.ts';

const error = (name: string, message: string): Error => Object.assign(new Error(message), { name, $metadata: {} });

describe('an AWS error during a run', () => {
  it('is a usage error if a permission is missing', () => {
    const failure = awsFailure(
      error('AccessDenied', 'User: arn:aws:iam::1:role/a is not authorized to perform: s3:CreateBucket on resource: b'),
    );
    expect(failure).to.include({ code: 'BAD_AWS', exitCode: 2 });
    expect(failure?.message).to.contain('arn:aws:iam::1:role/a may not call s3:CreateBucket on b');
  });

  it('is an environment failure if AWS fails or the credentials expire', () => {
    expect(awsFailure(error('ThrottlingException', 'Rate exceeded'))).to.include({ code: 'AWS_FAILED', exitCode: 3 });
    const expired = awsFailure(new Error('no cluster', { cause: error('ExpiredTokenException', 'it is over') }));
    expect(expired).to.include({ code: 'CREDENTIALS_EXPIRED', exitCode: 3 });
    const unrenewed = error('CredentialsProviderError', 'Could not load credentials from any providers');
    expect(awsFailure(unrenewed)).to.include({ code: 'CREDENTIALS_EXPIRED' });
    expect(expired?.message).to.contain('new credentials (`npm run sweep -- --cluster eks`)');
  });

  it('is undefined for other errors', () => {
    expect(awsFailure(new Error('something else'))).to.equal(undefined);
    expect(awsFailure(new HarnessError('STOPPED', 'said already'))).to.equal(undefined);
  });
});
