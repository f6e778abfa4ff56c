import { expect } from 'chai';
import { embeddedRun } from '../../test/support/embedded-run.ts';
import { allow, deny, podIdentityRole, trustPodIdentity } from '../scenario/policy.ts';
import { denied, fetchCredentials, getObject, granted, refused } from '../operations/index.ts';
import { policyCoverage } from './coverage.ts';
import type { Observation } from './observation.ts';

describe('policy coverage', () => {
  const embedded = embeddedRun();

  it('tells tested statements and conditions from those whose removal changes no decision', async () => {
    const observations: Observation[] = [];
    const { verdict, reason } = await embedded.run(
      {
        roles: {
          app: {
            ...podIdentityRole(
              allow('s3:GetObject', 'data/*'),
              deny('s3:GetObject', 'data/blue/*'),
              deny('s3:*', 'other'),
            ),
            trust: [
              trustPodIdentity({
                conditions: {
                  StringEquals: {
                    'aws:RequestTag/kubernetes-namespace': '<namespace:app>',
                    'aws:RequestTag/kubernetes-service-account': 'app',
                  },
                },
              }),
            ],
          },
        },
        workloads: { red: { role: 'app' }, batch: { serviceAccount: 'batch', role: 'app' } },
        objects: ['data/red/key', 'data/blue/key'],
        probes: [
          granted('red', getObject('data/red/key')),
          denied('red', getObject('data/blue/key'), { by: 's3' }),
          refused('batch', fetchCredentials(), { by: 'eks-auth' }),
        ],
      },
      'CV-01',
      { observe: (observation) => observations.push(observation) },
    );
    expect(verdict, reason).to.equal('passed');
    const { tested, total, percent, policies, notTested } = policyCoverage(observations);
    expect({ tested, total, percent }).to.deep.equal({ tested: 4, total: 6, percent: 66 });
    expect(notTested).to.deep.equal([
      'suites/abac.ts, trust of app in CV-01, statement 1, condition aws:RequestTag/kubernetes-namespace: removing it changes no probe.',
      'suites/abac.ts, permissions of app in CV-01, statement 3: removing it changes no decision.',
    ]);
    // On a loaded machine, the agent asks again.
    const decided = policies.map(({ statements }) =>
      statements.map(({ grants, denials }) => [grants > 0, denials > 0]),
    );
    expect(decided).to.deep.equal([
      [[true, false]],
      [
        [true, false],
        [false, true],
        [false, false],
      ],
    ]);
  });
});
