import { expect } from 'chai';
import { aScenario } from '../../test/support/scenarios.ts';
import {
  agentGet,
  connect,
  createToken,
  fetchCredentials,
  granted,
  kubernetesGet,
  minted,
  readFile,
  reviewToken,
  signedRequest,
  stopAgent,
  succeeds,
  tokenRotation,
  wait,
} from '../operations/index.ts';
import { changeAssociation, createAssociationFor } from '../operations/index.ts';
import { meaningless, misshapen } from './meaning.ts';
import { podIdentityRole } from '../scenario/policy.ts';
import type { ScenarioSpec, Step, TokenSpec, WorkloadSpec } from '../scenario/spec.ts';

const { spec: good } = aScenario();
/** Returns a value that only a suite in JavaScript can have. */
const odd = <T>(value: unknown): T => value as T;
const withWorkload = (workload: object): ScenarioSpec => ({
  ...good,
  workloads: { ...good.workloads, red: { ...good.workloads?.['red'], ...odd<WorkloadSpec>(workload) } },
});
const withRole = (role: object): ScenarioSpec => ({ ...good, roles: { app: { ...podIdentityRole(), ...role } } });
const withSteps = (...steps: readonly Step[]): ScenarioSpec => ({ ...good, probes: [...good.probes, ...steps] });
const withToken = (token: Partial<TokenSpec>, spec = good): ScenarioSpec => ({
  ...spec,
  tokens: { mine: { serviceAccount: 'red/app', audience: 'a', ...token } },
});

describe('the check of values in a scenario', () => {
  for (const [what, spec] of Object.entries<ScenarioSpec>({
    'a valid scenario': good,
    'a workload with many settings': withWorkload({
      container: 'init',
      egress: ['agent', 'aws'],
      hostNetwork: true,
      runAsUser: 0,
      fsGroup: 2000,
      starts: 'later',
    }),
    'an empty egress list': withWorkload({ egress: [] }),
    'a role with a path': withRole({ path: '/conformance-apps/red/' }),
    'a soak scenario': { ...good, profile: 'soak', allowSeconds: 780, needs: ['cluster-clock'] },
    'a token bound to a pod': withToken({ boundTo: 'red' }),
    steps: withSteps(wait(0.5), stopAgent(), granted('red', connect('aws', { until: 'closed' }))),
  }))
    it(`accepts ${what}`, () => expect(misshapen(spec)?.clause ?? meaningless(spec)).to.equal(undefined));

  for (const [spec, problem] of [
    [{ ...good, needs: odd<[]>(['teleport']) }, /^"needs" is "teleport", but must be "kubernetes" or /],
    [
      { ...good, organization: { levels: [{ name: 'Root', withoutFullAccess: true }] } },
      /^level "Root" of "organization" has no service control policy, but AWS requires one/,
    ],
    [{ ...good, profile: odd<'soak'>('slow') }, /^"profile" is "slow", but must be "core" or "soak" or "load"$/],
    [{ ...good, allowSeconds: -1 }, /^"allowSeconds" is -1, but must be a number from 1 to/],
    [{ ...good, allowSeconds: odd<number>('10m') }, /^"allowSeconds" is "10m", but must be a number/],
    [
      withWorkload({ container: 'ephemeral' }),
      /^"container" of workload "red" is "ephemeral", but must be "main" or "init" or/,
    ],
    ...['apps/', '/conformance-apps', '/apps/', '/conformance-a//'].map((path): [ScenarioSpec, RegExp] => [
      withRole({ path }),
      RegExp(`^"path" of role "app" is "${path}", but must have a form such as`),
    ]),
    [withWorkload({ hostNetwork: 'yes' }), /^"hostNetwork" of workload "red" is "yes", but must be true or false$/],
    [withWorkload({ fsGroup: 'staff' }), /^"fsGroup" of workload "red" is "staff", but must be a whole number/],
    [withWorkload({ runAsUser: 1.5 }), /^"runAsUser" of workload "red" is 1.5, but must be a whole number/],
    [withWorkload({ egress: 'aws' }), /^"egress" of workload "red" is "aws", but must be a list/],
    [
      withWorkload({ egress: ['internet'] }),
      /^"egress" of workload "red" is "internet", but must be "agent" or "aws"$/,
    ],
    [withToken({ boundTo: 'ghost' }), /^"boundTo" of token "mine" is "ghost", but must name a workload/],
    [
      withToken({ boundTo: 'red' }, withWorkload({ starts: 'later' })),
      /^"boundTo" of token "mine" is "red", but must name/,
    ],
    [withSteps(wait(-1)), /^"seconds" of probe 3 \(Wait\) is -1, but must be a number/],
    [withSteps(wait(NaN)), /^"seconds" of probe 3 \(Wait\) is NaN, but must be a number/],
    [withSteps(wait(odd(undefined))), /^probe 3 \(Wait\) has an undefined "seconds", which must be a number/],
    // A timer cannot wait so long, and would fire immediately.
    [withSteps(wait(4_000_000)), /^"seconds" of probe 3 \(Wait\) is 4000000, but must be a number from 0 to 2147483$/],
    [withSteps(stopAgent(odd('c3'))), /^"cluster" of probe 3 \(StopAgent\) is "c3", but must be "c1" or "c2"$/],
    [
      withSteps(granted('red', connect(odd('internet')))),
      /^"to" of probe 3 \(granted Connect\) is "internet", but must be "agent" or "aws"$/,
    ],
    [withSteps(granted('red', connect('aws', { until: odd('shut') }))), /^"until" of probe 3 .* is "shut"/],
    [withSteps(granted('red', tokenRotation(odd('mine'), 1))), /^"token" of probe 3 .* is "mine"/],
    [withSteps(granted('red', tokenRotation('irsa', odd('1 m')))), /^"seconds" of probe 3 .* is "1 m"/],
    [
      withSteps(granted('red', readFile('etc/passwd'))),
      /^"path" of probe 3 .* is "etc\/passwd", but must be a path that begins/,
    ],
    [withSteps(granted('red', fetchCredentials({ via: odd('ipv5') }))), /^"via" of probe 3 .* is "ipv5"/],
    [withSteps(granted('red', fetchCredentials({ token: minted('no') }))), /^FetchCredentials names token "no", which/],
    [withSteps(succeeds(reviewToken('no'))), /^ReviewToken names token "no", which the scenario does not declare$/],
    [
      withSteps(succeeds(signedRequest('red', 'data/key'))),
      /^"request" of probe 3 .* is "data\/key", but must be a text such as/,
    ],
    [
      withSteps(succeeds(signedRequest('red', 'PUT data/key', { payload: odd('wrong') }))),
      /^"payload" of probe 3 .* is "wrong", but must be "unsigned"/,
    ],
    [
      withSteps(succeeds(signedRequest('red', 'GET data/key', { credentials: odd('wrong') }))),
      /^"credentials" of probe 3 .* is "wrong", but must be "another-secret"/,
    ],
    [
      withSteps(succeeds(signedRequest('red', 'GET data/key', { presigned: 700_000 }))),
      /^"presigned" of probe 3 .* is 700000, but must be/,
    ],
    [
      withSteps(succeeds(kubernetesGet('/api', odd('admin')))),
      /^"as" of probe 3 .* is "admin", but must be "anonymous"/,
    ],
    [withSteps(succeeds(createToken('app'))), /^"serviceAccount" of probe 3 .* is "app", but must be "<namespace>/],
    [withSteps(succeeds(createToken('a/b', { expirationSeconds: odd('1 h') }))), /^"expirationSeconds" of probe 3/],
    [withSteps(succeeds(agentGet(0, '/'))), /^"port" of probe 3 .* is 0, but must be a whole number from 1 to 65535$/],
    [withSteps(succeeds(createAssociationFor('a/b', { role: 'no' }))), /names role "no", which the scenario does not/],
    [
      withSteps(succeeds(changeAssociation('a-1', { targetRole: 'no' }))),
      /^UpdatePodIdentityAssociation names role "no"/,
    ],
    [withSteps(succeeds(createAssociationFor('a/b', {}, { atOnce: 0 }))), /^"atOnce" of probe 3 .* is 0/],
    [
      withSteps(succeeds(createAssociationFor('a/b', {}, { as: { role: 'no', token: 'mine' } }))),
      /^CreatePodIdentityAssociation names role "no", which/,
    ],
  ] as const satisfies readonly (readonly [ScenarioSpec, RegExp])[])
    it(`rejects a wrong value: ${problem.source}`, () =>
      expect(misshapen(spec)?.clause ?? meaningless(spec)).to.match(problem));
});
