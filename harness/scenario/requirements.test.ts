import { expect } from 'chai';
import {
  advanceClock,
  agentGet,
  cutWebhook,
  denyNode,
  fetchCredentials,
  getObject,
  granted,
  refused,
  restartAgent,
  stopAgent,
  succeeds,
  tokenRotation,
  wait,
  disturbAws,
  whoAmI,
} from '../operations/index.ts';
import { createAssociationFor, describeAddon } from '../operations/index.ts';
import { trustRole } from './policy.ts';
import type { ScenarioSpec, Step } from './spec.ts';
import { capabilitiesOf, isExclusive, changesOnlyItsCluster, unmetRequirements, waitOf } from './requirements.ts';

const scenario = (probes: readonly Step[], spec: Partial<ScenarioSpec> = {}) => ({
  id: 'XX-01',
  suite: 'example',
  title: 'an example',
  file: 'example.ts',
  spec: { ...spec, probes },
});
const eksAuth = { service: 'eks-auth', operation: 'AssumeRoleForPodIdentity', delayMilliseconds: 10 } as const;

describe('requirements of a scenario', () => {
  for (const [what, step, alone] of [
    ['disturbs a service for everyone', disturbAws(eksAuth), true],
    ['disturbs EKS Auth for its own namespace', disturbAws({ ...eksAuth, namespace: 'app' }), false],
    ['disturbs EKS Auth for its own token', disturbAws({ ...eksAuth, token: 'mine' }), false],
    ['restarts the agent', restartAgent(), true],
    ['stops the agent', stopAgent(), true],
    ['cuts the webhook off', cutWebhook(), true],
    ['only probes', granted('app', fetchCredentials()), false],
  ] as const) {
    it(`${alone ? 'exclude' : 'allow'} concurrent scenarios if it ${what}`, () => {
      expect(isExclusive(scenario([step]))).to.equal(alone);
    });
  }

  it('follow from its steps, workloads and facts', () => {
    const needs = capabilitiesOf(
      scenario(
        [cutWebhook(), disturbAws(eksAuth), granted('app', fetchCredentials(), { facts: { upstreamCalls: 1 } })],
        {
          roles: { app: { trust: [] } },
          workloads: { app: { role: 'app', cluster: 'c2' } },
        },
      ),
    );
    expect(needs).to.have.members([
      'kubernetes',
      'two-clusters',
      'pod-identity',
      'webhook-endpoint',
      'aws-disturbances',
      'call-record',
    ]);
  });

  for (const [what, probes, spec, need] of [
    ['a stopped agent', [stopAgent()], {}, 'agent-stop'],
    ['an IPv6 address', [granted('app', fetchCredentials({ via: 'ipv6' }))], {}, 'agent-ipv6'],
    ["the agent's probe port", [succeeds(agentGet(2703, '/healthz'))], {}, 'agent-probe-port'],
    ["a change of the nodes' role", [denyNode('eks-auth:AssumeRoleForPodIdentity')], {}, 'node-role'],
    ['a boundary', [], { roles: { app: { trust: [], boundary: [] } } }, 'own-boundary'],
    ['a request context', [], { workloads: { app: { context: {} } } }, 'request-context'],
    ['a network policy', [], { workloads: { app: { egress: [] } } }, 'network-policy'],
    ['an association', [succeeds(createAssociationFor('app/app', {}))], {}, 'associations'],
    ["the agent's add-on", [succeeds(describeAddon('eks-pod-identity-agent'))], {}, 'agent-addon'],
  ] as const)
    it(`include ${need} with ${what}`, () => {
      const needs = capabilitiesOf(scenario(probes, spec)).filter((name) => name !== 'kubernetes');
      expect(needs).to.deep.equal([need]);
    });

  for (const [what, probes, spec, kubernetes] of [
    ['a probe in a pod', [granted('app', fetchCredentials())], { workloads: { app: {} } }, true],
    ['a request to the webhook', [cutWebhook()], {}, true],
    ['a token', [], { tokens: { mine: { serviceAccount: 'app/app' } } }, true],
    [
      'only associations',
      [succeeds(createAssociationFor('app/app', {}))],
      { workloads: { app: { role: 'app' } } },
      false,
    ],
    ['only roles', [wait(1)], { roles: { app: { trust: [] } } }, false],
  ] as const)
    it(`${kubernetes ? 'include' : 'exclude'} kubernetes with ${what}`, () =>
      expect(capabilitiesOf(scenario(probes, spec)).includes('kubernetes')).to.equal(kubernetes));

  it('exclude the agent if only the association of a role is used', () => {
    const spec = { workloads: { app: { role: 'app' } }, roles: { app: { trust: [] } } };
    expect(capabilitiesOf(scenario([succeeds(createAssociationFor('app/free', {}))], spec))).to.deep.equal([
      'associations',
    ]);
  });

  it('exclude own-boundary for a boundary in the other account', () =>
    expect(
      capabilitiesOf(scenario([], { roles: { app: { trust: [], boundary: [], account: 'other' } } })),
    ).to.deep.equal(['two-accounts']));

  it('exclude two-accounts for a role called "other"', () => {
    const roles = { app: { trust: [trustRole('other')] }, other: { trust: [] } };
    expect(capabilitiesOf(scenario([], { roles }))).not.to.include('two-accounts');
  });

  it('include irsa if a role of the scenario creates an association', () => {
    const as = { role: 'creator', token: 'mine' };
    expect(capabilitiesOf(scenario([succeeds(createAssociationFor('app/app', {}, { as }))]))).to.have.members([
      'associations',
      'irsa',
    ]);
  });

  it('allow another cluster for a scenario that only changes its only cluster', () => {
    const exactNames = true;
    expect(changesOnlyItsCluster(scenario([restartAgent()]))).to.equal(true);
    expect(changesOnlyItsCluster(scenario([], { exclusive: 'cluster' }))).to.equal(true);
    for (const other of [
      scenario([]),
      scenario([restartAgent('c2')]),
      scenario([restartAgent()], { exclusive: true }),
      scenario([restartAgent()], { exactNames }),
      scenario([advanceClock(60)]),
    ])
      expect(changesOnlyItsCluster(other)).to.equal(false);
  });

  it('include the seconds that it waits', () =>
    expect(waitOf(scenario([wait(2), granted('app', tokenRotation('pod-identity', 600))]))).to.equal(602));

  it('include s3 with only an S3 operation', () =>
    expect(capabilitiesOf(scenario([wait(1), granted('app', getObject('data/key'))]))).to.include('s3'));

  it('exclude two-clusters and two-accounts if strings name only the first', () => {
    const env = { A: '<cluster:c1>', B: '<account:main>' };
    const needs = capabilitiesOf(
      scenario([], { workloads: { app: { env } }, providers: [{ cluster: 'c1', account: 'main', clientIds: [] }] }),
    );
    expect(needs).to.deep.equal([]);
  });

  it('include the operations that the workload program must support', () => {
    const asked = scenario([wait(1), granted('app', whoAmI()), succeeds(agentGet(2703, '/healthz'))]);
    const available = new Set(capabilitiesOf(asked));
    const unmetBy = (...operations: string[]): string | undefined =>
      unmetRequirements(asked, available, undefined, { name: 'mine', operations: new Set(operations) });
    expect(unmetBy()).to.equal(
      'Not available here: GetCallerIdentity in the workload program mine (operation:GetCallerIdentity).',
    );
    expect(unmetBy('GetCallerIdentity')).to.equal(undefined);
    expect(unmetRequirements(asked, available)).to.equal(undefined);
  });

  it('are reported by name if they are missing', () => {
    expect(unmetRequirements(scenario([restartAgent()]), new Set())).to.include('agent-restart');
    expect(unmetRequirements(scenario([restartAgent()]), new Set(['kubernetes', 'agent-restart']))).to.equal(undefined);
  });

  for (const [what, steps, seconds] of [
    ['a refusal by the agent through an SDK', [refused('app', whoAmI(), { by: 'agent' })], 3],
    ['a refusal by EKS Auth or another layer', [refused('app', whoAmI(), { by: ['sts', 'eks-auth'] })], 3],
    ['a refusal by STS, which no SDK retries', [refused('app', whoAmI(), { by: 'sts' })], 0],
    ['access', [granted('app', whoAmI(), { by: 'agent' })], 0],
    ['a refusal without an SDK', [refused('app', fetchCredentials(), { by: 'agent' })], 0],
    [
      'a refusal of a harness probe',
      [{ ...succeeds(agentGet(2703, '/')), expectation: { outcome: 'refused', by: 'agent' } }],
      0,
    ],
    [
      'a refusal by any layer',
      [{ ...refused('app', whoAmI(), { by: 'agent' }), expectation: { outcome: 'refused' } }],
      0,
    ],
    [
      'calls that are disturbed',
      [
        disturbAws({ service: 'eks-auth', operation: 'AssumeRoleForPodIdentity', delayMilliseconds: 2000 }),
        disturbAws({ service: 's3', operation: 'GetObject' }),
      ],
      2.5,
    ],
    ['steps and refusals', [wait(7), refused('app', whoAmI(), { by: 'agent' })], 10],
  ] as const satisfies readonly (readonly [string, readonly Step[], number])[])
    it(`include a wait of ${seconds} s for ${what}`, () => expect(waitOf(scenario(steps))).to.equal(seconds));
});
