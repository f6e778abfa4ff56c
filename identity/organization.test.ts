import { expect } from 'chai';
import { FULL_AWS_ACCESS, organizationLevels, type Organization } from './organization.ts';
import { authorize, compilePolicy } from './policy/index.ts';
import { session } from './difference/index.ts';

const ACCOUNT = '111122223333';
const allow = (Action: string): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: { Effect: 'Allow', Action, Resource: '*' } });

describe('policies of an organization', () => {
  it('keep units apart that have the same name, and each must allow', () => {
    const organization: Organization = {
      id: 'o-example12345',
      targets: {
        'r-1': { name: 'Root', scps: FULL_AWS_ACCESS, rcps: {} },
        'ou-1-outer': { name: 'OU Apps', parent: 'r-1', scps: FULL_AWS_ACCESS, rcps: {} },
        'ou-1-inner': { name: 'OU Apps', parent: 'ou-1-outer', scps: { Lists: allow('s3:ListBucket') }, rcps: {} },
        [ACCOUNT]: { name: 'account prod', parent: 'ou-1-inner', scps: FULL_AWS_ACCESS, rcps: {} },
      },
    };
    const principal = session(`arn:aws:iam::${ACCOUNT}:role/app`);
    const levels = organizationLevels(organization, principal, ACCOUNT);
    expect(levels.scps?.map(({ name }) => name)).to.deep.equal([
      ...['Root', 'OU Apps (ou-1-outer)', 'OU Apps (ou-1-inner)', 'account prod'],
    ]);
    const decided = authorize({
      ...{
        principal,
        action: 's3:GetObject',
        resource: 'arn:aws:s3:::data/key',
        resourceAccount: ACCOUNT,
        context: {},
      },
      ...levels,
      identityPolicies: [compilePolicy(allow('*'), { kind: 'identity', name: 'all' })],
    });
    expect(decided.value).to.equal('implicitlyDenied');
    expect(decided.reason).to.contain('no service control policy of OU Apps (ou-1-inner) allows');
  });
});
