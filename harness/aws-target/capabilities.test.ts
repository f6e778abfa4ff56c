import { expect } from 'chai';
import { CAPABILITIES } from '../scenario/spec.ts';
import { AWS_CAPABILITIES, unavailableOf, type Lack } from './capabilities.ts';
import type { AwsService } from '../../aws/service-names.ts';

const CONTROLS = [
  'virtual-clock',
  'aws-disturbances',
  'call-record',
  'request-context',
  'organization',
  'kms-keys',
  'policy-decisions',
];
const lacking = (more: Partial<Lack>): Map<string, string> =>
  unavailableOf({
    services: new Map(),
    where: 'it',
    otherAccount: true,
    permissionsBoundary: undefined,
    ...more,
  });

describe('capabilities that an AWS lacks', () => {
  it('include those that only an emulator in this process can have', () => {
    expect([...lacking({}).keys()]).to.have.members(CONTROLS);
    expect(lacking({}).get('aws-disturbances')).to.equal(
      "it is not the harness' own emulator, and it cannot be made to fail",
    );
  });

  for (const [service, names] of [
    ['s3', ['s3']],
    ['iam', ['pod-identity', 'associations', 'irsa', 'node-role']],
    ['sts', ['pod-identity', 'irsa', 'two-accounts', 'sts-of-aws']],
    ['eks', ['pod-identity', 'associations']],
    ['eks-auth', ['pod-identity']],
  ] as const satisfies readonly (readonly [AwsService, readonly string[]])[])
    it(`without ${service} are ${names.join(', ')}`, () => {
      const unavailable = lacking({ services: new Map([[service, `no ${service}`]]) });
      expect([...unavailable.keys()]).to.have.members([...CONTROLS, ...names]);
      for (const name of names) expect(unavailable.get(name)).to.equal(`no ${service}`);
    });

  it('name the reason of each missing service', () => {
    const services = new Map<AwsService, string>([
      ['iam', 'no IAM'],
      ['sts', 'no STS'],
    ]);
    expect(lacking({ services }).get('irsa')).to.equal('no IAM; no STS');
  });

  it('include a second account if no role of one is given', () => {
    expect(lacking({ otherAccount: false }).get('two-accounts')).to.match(/--other-account-role/);
    const services = new Map<AwsService, string>([['sts', 'no STS']]);
    expect(lacking({ otherAccount: false, services }).get('two-accounts')).to.equal('no STS');
  });

  it("include a scenario's own boundary if the run sets one", () => {
    const unavailable = lacking({ permissionsBoundary: 'arn:aws:iam::111122223333:policy/b' });
    expect(unavailable.get('own-boundary')).to.contain('policy/b');
    expect(unavailable.get('node-role')).to.contain('--permissions-boundary');
  });
});

it("capabilities of AWS's APIs are among those that scenarios can require", () => {
  expect(AWS_CAPABILITIES).to.have.length(4);
  for (const name of AWS_CAPABILITIES) expect(CAPABILITIES).to.have.property(name);
});
