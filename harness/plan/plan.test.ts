import { expect } from 'chai';
import { HarnessError } from '../../foundation/node/errors.ts';
import {
  advanceClock,
  chain,
  clearDisturbances,
  control,
  denied,
  denyNode,
  fetchCredentials,
  getObject,
  granted,
  postToWebhook,
  putObject,
  restartAgent,
  restartPod,
  succeeds,
  disturbAws,
} from '../operations/index.ts';
import { allow, podIdentityRole, trustPodIdentity, trustWebIdentity } from '../scenario/policy.ts';
import type { Capability, ScenarioSpec } from '../scenario/spec.ts';
import { aScenario } from '../../test/support/scenarios.ts';
import { configure } from '../config/configuration.ts';
import { tooLittleJudged } from '../engine/conclusion.ts';
import { listText, planText } from './print.ts';
import { capabilitiesOf, clustersOf, isExclusive, unmetRequirements } from '../scenario/requirements.ts';
import { chosenProfile, moreInScopes, select } from './select.ts';

const grant = granted('red', getObject('data/red/key'));
const all: ReadonlySet<string> = new Set<Capability>([
  'kubernetes',
  's3',
  'pod-identity',
  'irsa',
  'two-clusters',
  'virtual-clock',
]);

describe('the requirements of a scenario', () => {
  const table: readonly (readonly [string, Partial<ScenarioSpec>, readonly Capability[]])[] = [
    ['a Pod Identity role', {}, ['pod-identity']],
    ['an IRSA role', { workloads: { red: { irsa: 'app' } } }, ['irsa']],
    ['instance metadata', { workloads: { red: { imds: 'reachable' } } }, ['imds']],
    ['blocked instance metadata', { workloads: { red: { imds: 'blocked' } } }, []],
    ['its declaration', { workloads: { red: {} }, needs: ['call-record'] }, ['call-record']],
    ['a second cluster', { workloads: { red: { cluster: 'c2' } } }, ['two-clusters']],
    ['a second cluster in a text', { workloads: { red: { podAnnotations: { a: '<issuer:c2>' } } } }, ['two-clusters']],
    [
      'a second account',
      { workloads: { red: {} }, roles: { app: { trust: [trustPodIdentity()], account: 'other' } } },
      ['two-accounts'],
    ],
    ['a second account in a text', { workloads: { red: { env: { A: '<account:other>' } } } }, ['two-accounts']],
    ['moving the clock', { workloads: { red: {} }, probes: [grant, advanceClock(1)] }, ['virtual-clock']],
    [
      'aws-disturbances',
      {
        workloads: { red: {} },
        probes: [disturbAws({ service: 's3', operation: 'GetObject' }), grant, clearDisturbances()],
      },
      ['aws-disturbances'],
    ],
    ['restarting the agent', { workloads: { red: {} }, probes: [restartAgent(), grant] }, ['agent-restart']],
    [
      'counting calls',
      { workloads: { red: {} }, probes: [granted('red', fetchCredentials(), { facts: { upstreamCalls: 1 } })] },
      ['call-record'],
    ],
    ["the webhook's endpoint", { workloads: {}, probes: [succeeds(postToWebhook('a', 'b'))] }, ['webhook-endpoint']],
  ];
  for (const [what, spec, needs] of table)
    it(`follow from ${what}`, () => {
      const found = capabilitiesOf(aScenario(spec));
      // All of these have a pod and an object.
      expect(found).to.include.members(['kubernetes', 's3']);
      expect(found.filter((name) => name !== 'kubernetes' && name !== 's3')).to.have.members(needs);
    });

  it('are reported with the reason, if known', () =>
    expect(
      unmetRequirements(aScenario(), new Set(['kubernetes', 'pod-identity']), new Map([['s3', 'http://x has no S3']])),
    ).to.equal('Not available here: S3 (s3: http://x has no S3).'));

  it('are reported if they are missing', () => {
    expect(unmetRequirements(aScenario(), all)).to.equal(undefined);
    expect(unmetRequirements(aScenario({ needs: ['aws-disturbances', 'imds'] }), all)).to.equal(
      'Not available here: simulated delays and failures of AWS (aws-disturbances), instance metadata that pods can reach (imds).',
    );
  });

  it('include c2 only if it is named', () => {
    expect(clustersOf(aScenario())).to.deep.equal(['c1']);
    expect(clustersOf(aScenario({ workloads: { red: { cluster: 'c2' } } }))).to.deep.equal(['c1', 'c2']);
  });

  const two: readonly (readonly [string, Partial<ScenarioSpec>])[] = [
    ['a token', { tokens: { mine: { serviceAccount: 'app/app', cluster: 'c2' } } }],
    ['a user', { users: { mine: { namespace: 'app', rules: [], cluster: 'c2' } } }],
    ['a provider', { providers: [{ cluster: 'c2', account: 'main', clientIds: [] }] }],
    ['an operation', { probes: [succeeds(postToWebhook('a', 'b', { cluster: 'c2' }))] }],
    ['a step', { probes: [restartAgent('c2'), grant] }],
    ['a text', { probes: [grant, granted('red', getObject('data/<cluster:c2>'))] }],
    ["a condition's key", { roles: { app: { trust: [trustWebIdentity({ subject: null, cluster: 'c2' })] } } }],
  ];
  for (const [what, spec] of two)
    it(`include c2 if ${what} names it`, () => expect(clustersOf(aScenario(spec))).to.deep.equal(['c1', 'c2']));

  it('do not include c2 if only other names contain it', () =>
    expect(
      clustersOf(
        aScenario({
          roles: { c2: podIdentityRole(allow('s3:GetObject', 'c2/*')) },
          workloads: {
            red: { role: 'c2', namespace: 'c2', env: { c2: 'c2' }, podAnnotations: { a: '<namespace:c2>' } },
          },
          objects: ['data/c2', 'c2/key', { at: 'data/key', tags: { c2: 'c2' } }],
          probes: [granted('red', getObject('data/c2')), granted('red', putObject('c2/key', { tags: { c2: 'c2' } }))],
        }),
      ),
    ).to.deep.equal(['c1']));

  const exclusive: readonly (readonly [string, Partial<ScenarioSpec>, boolean])[] = [
    ['a plain scenario', {}, false],
    ['one that declares it', { exclusive: true }, true],
    ['one with exact names', { exactNames: true }, true],
    ['one that moves the clock', { probes: [grant, advanceClock(1)] }, true],
    ['one that restarts the agent', { probes: [restartAgent(), grant] }, true],
    ["one that restricts the nodes' role", { probes: [denyNode('*'), grant] }, true],
    ['one that restarts a pod', { probes: [restartPod('red'), grant] }, false],
  ];
  for (const [what, spec, alone] of exclusive)
    it(`${alone ? 'include' : 'do not include'} running alone for ${what}`, () =>
      expect(isExclusive(aScenario(spec))).to.equal(alone));
});

describe('the selection', () => {
  const scenarios = [
    aScenario({ profile: 'core' }, 'AB-01', 'abac'),
    aScenario({}, 'AB-02', 'abac'),
    aScenario({ workloads: { red: { irsa: 'app' } } }, 'IR-01', 'irsa'),
    aScenario({ workloads: { red: { role: 'app', irsa: 'app' } } }, 'RB-01', 'rbac'),
    aScenario({ profile: 'soak' }, 'LC-08', 'lifecycle'),
    aScenario({ profile: 'load' }, 'LO-01', 'load'),
    { ...aScenario({ keywords: ['confused deputy'] }, 'S3-01', 's3'), scope: 'aws' },
    { ...aScenario({}, 'CL-01', 'client'), scope: 'client' },
    { ...aScenario({}, 'AP-01', 'agent'), scope: 'agent' },
  ];
  const scope = (...suites: readonly string[]) => ({
    title: '',
    suites: Object.fromEntries(suites.map((suite) => [suite, ''])),
  });
  const scopes = { agent: scope('agent'), client: scope('client'), aws: scope('s3'), load: scope('load') };
  const ids = (...argv: string[]): string =>
    select({ scenarios, scopes }, configure(argv, {}))
      .map(({ id }) => id)
      .join(' ');

  for (const [argv, selected] of [
    [[], 'AB-01 AB-02 IR-01 RB-01 AP-01'],
    [['--suite', 'irsa'], 'IR-01'],
    [['--profile', 'core'], 'AB-01'],
    [['--profile', 'pre-release'], 'AB-01 AB-02 IR-01 RB-01 LC-08 AP-01'],
    [['--profile', 'soak'], 'AB-01 AB-02 IR-01 RB-01 LC-08 AP-01'],
    [['--profile', 'soak', '--scenario', 'LC-08'], 'LC-08'],
    [['--profile', 'load'], 'LO-01'],
    [['--suite', 'load'], 'LO-01'],
    [['--scenario', 'LO-01'], 'LO-01'],
    [['--suite', 'rbac,abac'], 'AB-01 AB-02 RB-01'],
    [['--suite', 'rbac', '--suite', 'irsa'], 'IR-01 RB-01'],
    [['--scenario', 'RB-01,AB-02'], 'AB-02 RB-01'],
    [['--suite', 'abac', '--scenario', 'AB-02'], 'AB-02'],
    [['--scope', 'aws'], 'AB-01 AB-02 IR-01 RB-01 S3-01'],
    [['--scope', 'aws,client'], 'AB-01 AB-02 IR-01 RB-01 S3-01 CL-01'],
    [['--scope', 'all'], 'AB-01 AB-02 IR-01 RB-01 S3-01 CL-01 AP-01'],
    [['--client', 'python'], 'AB-01 AB-02 IR-01 RB-01 CL-01 AP-01'],
    [['--client', 'python', '--scope', 'agent'], 'AB-01 AB-02 IR-01 RB-01 AP-01'],
    [['--aws-endpoint', 's3=http://127.0.0.1:9'], 'AB-01 AB-02 IR-01 RB-01 S3-01 AP-01'],
    [['--last-failed'], 'AB-01 AB-02 IR-01 RB-01 S3-01 CL-01 AP-01'],
    [['--suite', 's3', '--scope', 'agent'], 'S3-01'],
    [['--scenario', 'S3-01'], 'S3-01'],
    [['--scope', 'all', '--grep', 'Confused deputy|confused deputy'], 'S3-01'],
    [['--grep', 'GetObject s3://data/red/key', '--suite', 'irsa'], 'IR-01'],
    [['--grep', '^(IR|RB)'], 'IR-01 RB-01'],
    [['--grep', 'title of AB-01'], 'AB-01'],
    [['--grep-invert', '-01'], 'AB-02'],
    [['--grep', 'AB', '--grep-invert', '02'], 'AB-01'],
    [['--grep', 'nothing like it', '--pass-with-no-scenarios'], ''],
  ] as const)
    it(`with ${argv.join(' ') || 'no flags'} is ${selected || 'empty'}`, () => expect(ids(...argv)).to.equal(selected));

  for (const [argv, code, text] of [
    [['--scope', 'agents'], 'UNKNOWN_SCOPE', 'Unknown scope "agents": did you mean "agent"?'],
    [['--scope', 'load'], 'UNKNOWN_SCOPE', 'choose from agent, client, aws, all.'],
    [['--suite', 'abacus'], 'UNKNOWN_SUITE', 'Unknown suite "abacus": did you mean "abac"?'],
    [['--suite', 'zzzzzzz'], 'UNKNOWN_SUITE', 'choose from abac, irsa, rbac, lifecycle, load, s3, client, agent.'],
    [['--scenario', 'AB-03'], 'UNKNOWN_SCENARIO', 'did you mean "AB-01"? (see --list)'],
    [['--grep', 'nothing like it'], 'NOTHING_SELECTED', '--pass-with-no-scenarios'],
    [['--grep', 'S3-01'], 'NOTHING_SELECTED', 'No scenario is selected (1 more in scope aws). Relax --scope'],
    [['--scenario', 'LC-08'], 'NOTHING_SELECTED', 'Use --profile soak'],
    [
      ['--profile', 'core', '--scenario', 'AB-02'],
      'NOTHING_SELECTED',
      'Scenario AB-02 is not in profile core. Use --profile full',
    ],
    [['--suite', 'irsa', '--scenario', 'AB-01'], 'NOTHING_SELECTED', 'No scenario is selected'],
  ] as const)
    it(`rejects ${argv.join(' ')}`, () => {
      expect(() => ids(...argv))
        .to.throw(HarnessError, text)
        .with.property('code', code);
    });
});

describe('matches of --grep in other scopes', () => {
  const scenarioIn = (scope: string, id: string) => ({ ...aScenario({}, id), scope });
  const scenarios = [
    scenarioIn('agent', 'AP-01'),
    scenarioIn('aws', 'AP-02'),
    scenarioIn('aws', 'AP-03'),
    scenarioIn('kubernetes', 'AP-04'),
  ];
  const scopes = {
    agent: { title: '', suites: {} },
    aws: { title: '', suites: {} },
    kubernetes: { title: '', suites: {} },
  };
  const more = (...argv: string[]): string | undefined => moreInScopes({ scenarios, scopes }, configure(argv, {}));

  it('are counted by scope', () =>
    expect(more('--grep', 'AP-')).to.equal('2 more in scope aws, 1 more in scope kubernetes'));
  it('are undefined without other scopes or without --grep', () =>
    expect([more('--grep', 'AP-', '--scope', 'all'), more(), more('--grep', 'AP-01')]).to.deep.equal([
      undefined,
      undefined,
      undefined,
    ]));
});

describe('a profile', () => {
  const judged = (argv: readonly string[], count: number): string | undefined =>
    tooLittleJudged(chosenProfile(configure(argv, {})), 200, count)?.message;

  for (const [profile, least] of [
    ['core', 190],
    ['full', 140],
    ['pre-release', 190],
    ['soak', 150],
  ] as const)
    it(`${profile} requires verdicts for ${least} of 200 scenarios`, () => {
      expect(judged(['--profile', profile], least)).to.equal(undefined);
      expect(judged(['--profile', profile], least - 1)).to.match(
        new RegExp(
          `^Profile ${profile} requires verdicts for ${least} of its 200 scenarios, but only ${least - 1} were judged\\. `,
        ),
      );
    });

  for (const flag of ['suite', 'scenario', 'grep', 'grep-invert'])
    it(`requires nothing if --${flag} restricts the selection`, () =>
      expect(judged([`--${flag}`, 'x'], 1)).to.equal(undefined));
});

describe('the list', () => {
  it('groups scenarios by suite, with counts', () => {
    const scoped = { ...aScenario({}, 'AB-01', 'abac'), scope: 'identity' };
    expect(listText([scoped, aScenario({}, 'PAY-01', 'payments'), aScenario({}, 'PAY-02', 'payments')])).to.equal(
      [
        'abac (scope identity, 1 scenario)',
        '  AB-01   the title of AB-01',
        '',
        'payments (2 scenarios)',
        '  PAY-01  the title of PAY-01',
        '  PAY-02  the title of PAY-02',
        '',
        '3 scenarios in 2 suites',
        '',
      ].join('\n'),
    );
    expect(listText([])).to.equal('0 scenarios in 0 suites\n');
  });
});

describe('the plan', () => {
  const scenario = aScenario({
    roles: { app: podIdentityRole(), target: podIdentityRole() },
    workloads: { red: { role: 'app' }, old: { irsa: { text: 'arn:x' }, namespace: 'old', serviceAccount: 'sa' } },
    buckets: { spare: {} },
    probes: [
      control('red', getObject('data/red/key')),
      advanceClock(60),
      denied('red', getObject('data/blue/key', { through: chain('target') }), { by: 's3', code: 'AccessDenied' }),
    ],
  });

  it('shows the resources, the steps in order and the expected result of each probe', () => {
    const text = planText([scenario], configure([], {}), [all]);
    for (const line of [
      'Clusters to provision (embedded): c1',
      'AB-01 the title of AB-01 (abac)',
      '  runs alone in its environment',
      '  roles: app, target',
      '  buckets: spare, data',
      '  objects: data/red/key',
      '  pods: red (c1, app/app, Pod Identity role app), old (c1, old/sa, IRSA annotation "arn:x")',
      '  1. red: GetObject s3://data/red/key must be granted as role app (control)',
      '  then advance clock (seconds 60)',
      '  2. red: GetObject s3://data/blue/key through <role:target> must be denied by s3 with AccessDenied',
      '1 scenario with 2 probes would run, 0 would be skipped. Nothing was created.',
    ])
      expect(text.split('\n')).to.include(line);
  });

  it('shows the keys, and that exact names only exclude others of them', () => {
    const text = planText([aScenario({ exactNames: true, keys: { ledger: {} } })], configure([], {}), [
      new Set([...all, 'kms-keys']),
    ]);
    expect(text.split('\n')).to.include.members(['  runs alone among scenarios of exact names', '  keys: ledger']);
  });

  it('shows which probes the policies of the scenario decide otherwise than expected', () => {
    const wrong = aScenario({
      roles: { app: podIdentityRole(allow('s3:GetObject', 'data/red/*')) },
      workloads: { red: { role: 'app' } },
      objects: ['data/red/key', 'data/blue/key'],
      probes: [granted('red', getObject('data/red/key')), granted('red', getObject('data/blue/key'))],
    });
    const text = planText([wrong], configure([], {}), [all]);
    expect(text).to.match(/ {5}The policies decide otherwise: no identity-based policy allows s3:GetObject/);
    expect(text).to.contain('decide 2 of the probes in advance: 1 as expected, 1 otherwise.');
  });

  it('shows the scenarios that would be skipped, and no clusters for them', () => {
    const text = planText([scenario], configure([], {}), [new Set()]);
    expect(text).to.contain('Clusters to provision (embedded): none').and.to.contain('  skipped: Not available here');
    expect(text).to.contain('0 scenarios with 0 probes would run, 1 would be skipped.');
    expect(planText([scenario], configure([], {}), [new Set(), all])).not.to.contain('skipped: ');
  });
});
