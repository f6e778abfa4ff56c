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
    ['the role of an association with other settings', granted('tagged', whoAmI()), 'app'],
    ['the role of the annotation', granted('annotated', whoAmI()), 'other'],
    ['the role of the association if there is an annotation too', granted('both', whoAmI()), 'app'],
    ['the role of the association for a denial too', denied('associated', getObject('data/key'), { by: 's3' }), 'app'],
    ['the explicit expectation', granted('associated', whoAmI(), { as: 'node' }), 'node'],
    ['the explicit expectation of any probe', granted('associated', fetchCredentials(), { as: 'other' }), 'other'],
    ['the role that it assumes', granted('associated', assuming), 'target'],
    ['undefined if the assumed role is refused', denied('associated', assuming, { by: 'sts' }), undefined],
    ['the role through which it reads', granted('associated', through), 'target'],
    ['undefined if the annotation names no role of the scenario', granted('elsewhere', whoAmI()), undefined],
    ['undefined without a role', granted('plain', whoAmI()), undefined],
    ['undefined for an undeclared workload', granted('nobody', whoAmI()), undefined],
    ['undefined if the probe shows no identity', refused('associated', fetchCredentials(), { by: 'agent' }), undefined],
    [
      'undefined if the assumed role is not in the scenario',
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
      'undefined for a harness operation with a workload',
      { ...succeeds(agentGet(80, '/healthz')), workload: 'associated' },
      undefined,
    ],
    ['undefined for a harness probe', succeeds(agentGet(80, '/healthz')), undefined],
  ] as const satisfies readonly (readonly [string, ProbeStep, string | undefined])[])
    it(`is ${what}`, () => expect(probe(step)).to.equal(identity));
  it('is undefined in a scenario without workloads', () =>
    expect(identityExpected({ probes: [] }, granted('associated', whoAmI()))).to.equal(undefined));
});
