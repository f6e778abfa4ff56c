import { expect } from 'chai';
import {
  agentGet,
  assumeRole,
  chain,
  denied,
  fetchCredentials,
  getObject,
  granted,
  refused,
  succeeds,
  whoAmI,
} from '../operations/index.ts';
import type { ProbeStep, ScenarioSpec, WorkloadOperation } from './spec.ts';
import { identityExpected } from './expected-identity.ts';

const spec: ScenarioSpec = {
  workloads: {
    associated: { role: 'app' },
    chained: { role: { role: 'app', targetRole: 'target' } },
    tagged: { role: { role: 'app', disableSessionTags: true } },
    annotated: { irsa: 'other' },
    elsewhere: { irsa: { text: 'arn:aws:iam::111122223333:role/none' } },
    both: { role: 'app', irsa: 'other' },
    plain: {},
  },
  probes: [],
};
const probe = (step: ProbeStep): string | undefined => identityExpected(spec, step);
const assuming = assumeRole('target');
const through = getObject('data/key', { through: chain('target') });

describe('the identity that a probe must have', () => {
  for (const [what, step, identity] of [
    ['the role of the association', granted('associated', whoAmI()), 'app'],
    ['the target role of the association', granted('chained', whoAmI()), 'target'],
    ['the role of an association that says more', granted('tagged', whoAmI()), 'app'],
    ['the role of the annotation', granted('annotated', whoAmI()), 'other'],
    ['that of the association where there is an annotation too', granted('both', whoAmI()), 'app'],
    ['of a denial too', denied('associated', getObject('data/key'), { by: 's3' }), 'app'],
    ['what the expectation says', granted('associated', whoAmI(), { as: 'node' }), 'node'],
    ['what the expectation says, of any probe', granted('associated', fetchCredentials(), { as: 'other' }), 'other'],
    ['the role that it assumes', granted('associated', assuming), 'target'],
    ['open where the role that it assumes is refused', denied('associated', assuming, { by: 'sts' }), undefined],
    ['the role through which it reads', granted('associated', through), 'target'],
    ['open of an annotation that names no role of the scenario', granted('elsewhere', whoAmI()), undefined],
    ['open without a role', granted('plain', whoAmI()), undefined],
    ['open of a workload that is not declared', granted('nobody', whoAmI()), undefined],
    ['open where the probe shows none', refused('associated', fetchCredentials(), { by: 'agent' }), undefined],
    [
      'open where what it assumes is no role of the scenario',
      granted('associated', {
        ...assuming,
        role: { roleArn: 'arn:aws:iam::111122223333:role/none' },
      } as WorkloadOperation),
      undefined,
    ],
    [
      'the role that it assumes in another account',
      granted('associated', {
        ...assuming,
        role: { roleArn: 'arn:aws:iam::<account:other>:role/<role:target>' },
      } as WorkloadOperation),
      'target',
    ],
    [
      'open of what the harness does in the place of a workload',
      { ...succeeds(agentGet(80, '/healthz')), workload: 'associated' },
      undefined,
    ],
    ['open of a probe of the harness', succeeds(agentGet(80, '/healthz')), undefined],
  ] as const satisfies readonly (readonly [string, ProbeStep, string | undefined])[])
    it(`is ${what}`, () => expect(probe(step)).to.equal(identity));
  it('is open in a scenario without workloads', () =>
    expect(identityExpected({ probes: [] }, granted('associated', whoAmI()))).to.equal(undefined));
});
