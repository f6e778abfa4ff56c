import { expect } from 'chai';
import { aScenario } from '../../test/support/scenarios.ts';
import { allow, podIdentityRole } from '../scenario/policy.ts';
import { policyWarnings } from './sources.ts';

describe('policyWarnings', () => {
  const scenario = aScenario();
  const withRole = (permissions: object) => ({
    ...scenario,
    file: 'suites/team.ts',
    spec: { ...scenario.spec, roles: { app: { ...podIdentityRole(allow('s3:Get*', '*')), ...permissions } } },
  });
  const Statement = [{ Sid: 'Keys', Effect: 'Deny', Action: 'kms:Decrpt', Resource: '*' }];

  it('name file and statement of an action that no service has, once', () => {
    const one = withRole({ permissions: { document: { Statement }, from: 'policies/read.json' } });
    const [warning, ...others] = policyWarnings([one, { ...one, id: 'AB-02' }]);
    expect(warning).to.match(/^Warning: policies\/read\.json, statement 1 "Keys": "kms:Decrpt" .*"kms:Decrypt"\?$/);
    expect(others).to.deep.equal([]);
  });

  it('name the scenario of a policy that a suite builds', () => {
    const [warning] = policyWarnings([withRole({ permissions: [allow('s3:GetObjct', '*')] })]);
    expect(warning).to.match(
      new RegExp(`^Warning: suites/team.ts, permissions of app in ${scenario.id}, statement 1: `),
    );
  });

  it('are absent for actions that exist', () => expect(policyWarnings([withRole({})])).to.be.empty);
});
