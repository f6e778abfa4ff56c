import { expect } from 'chai';
import { aScenario } from '../../test/support/scenarios.ts';
import {
  allow,
  assumeByToken,
  assumeRole,
  chain,
  control,
  deny,
  denied,
  fetchCredentials,
  forPrincipal,
  getObject,
  granted,
  irsaRole,
  podIdentityRole,
  putRolePolicy,
  succeeds,
  trustPodIdentity,
  trustRole,
  updateAssociation,
  whoAmI,
} from '../index.ts';
import type { ScenarioSpec } from '../scenario/spec.ts';
import { AXIS_NAMES, FRAME, type Axis } from './axes.ts';
import { decisionMatrix, matrixText } from './matrix.ts';
import { countsOf, matrixOfRun, type Pair, type Table } from './pairs.ts';
import { placesOf, pointsOf } from './points.ts';

const pointsIn = (spec: Partial<ScenarioSpec>) => pointsOf(aScenario({ objects: [], ...spec }));
const NAMESPACE = { StringEquals: { 'aws:PrincipalTag/kubernetes-namespace': '<namespace:blue>' } };
const tagged = allow('s3:GetObject', 'data/red/*', NAMESPACE);

describe('a scenario on the axes of a decision', () => {
  const at = (spec: Partial<ScenarioSpec>, ...axes: Axis[]) =>
    pointsIn(spec).map((point) => axes.map((axis) => point[axis].join('+')).join(' | '));
  const red = { red: { role: 'app' } };
  const reading = [granted('red', getObject('data/red/key'))];

  for (const [what, spec, axes, expected] of [
    [
      'its credentials',
      { workloads: red, probes: reading },
      ['credentials', 'association', 'action'],
      ['Pod Identity | role | GetObject'],
    ],
    [
      'IRSA',
      { roles: { app: irsaRole('app/app', tagged) }, workloads: { red: { irsa: 'app' } }, probes: reading },
      ['credentials', 'association', 'trust'],
      ['IRSA | none | aud+sub'],
    ],
    [
      'IRSA by a token of the scenario',
      { roles: { app: irsaRole('app/app') }, workloads: {}, probes: [succeeds(assumeByToken('app', 'web'))] },
      ['credentials', 'action', 'policy'],
      ['IRSA | AssumeRoleWithWebIdentity | trust'],
    ],
    ['both', { workloads: { red: { role: 'app', irsa: 'app' } }, probes: reading }, ['credentials'], ['both']],
    [
      "the node's role",
      { workloads: { red: {} }, probes: [granted('red', whoAmI(), { as: 'node' })] },
      ['credentials', 'policy'],
      ['node or keys | none'],
    ],
    [
      'none',
      { workloads: { red: {} }, probes: [granted('red', fetchCredentials())] },
      ['credentials', 'action'],
      ['none | AssumeRoleForPodIdentity'],
    ],
    [
      'a target role',
      {
        roles: { app: podIdentityRole(), next: { trust: [trustRole('app')], permissions: [tagged], account: 'other' } },
        workloads: { red: { role: { role: 'app', targetRole: 'next' } } },
        probes: reading,
      },
      ['association', 'account', 'policy'],
      ['target role | role in another | inline'],
    ],
    [
      'a session policy',
      { workloads: { red: { role: { role: 'app', disableSessionTags: true, policy: [tagged] } } }, probes: reading },
      ['association', 'policy', 'tag'],
      ['session policy | inline | none', 'session policy | session | kubernetes-namespace'],
    ],
    [
      'sessions without tags',
      { workloads: { red: { role: { role: 'app', disableSessionTags: true } } }, probes: reading },
      ['association'],
      ['no session tags'],
    ],
    [
      'an association that a step changes',
      {
        roles: { app: podIdentityRole(), next: podIdentityRole(tagged) },
        workloads: red,
        probes: [updateAssociation('red', 'next'), ...reading],
      },
      ['association', 'tag'],
      ['changed+role | kubernetes-namespace'],
    ],
    [
      'a policy that a step changes',
      { workloads: red, probes: [putRolePolicy('app', tagged), ...reading] },
      ['tag', 'operator', 'namespace'],
      ['kubernetes-namespace | StringEquals | other'],
    ],
    [
      'statements about the request alone',
      {
        roles: {
          app: podIdentityRole(tagged, allow('s3:PutObject', 'data/red/*'), allow('s3:GetObject', 'data/blue/*')),
        },
        workloads: red,
        probes: reading,
      },
      ['policy', 'tag'],
      ['inline | kubernetes-namespace'],
    ],
    [
      'no statement',
      { roles: { app: podIdentityRole() }, workloads: red, probes: reading },
      ['policy', 'tag'],
      ['none | none'],
    ],
    [
      'every place of a policy',
      {
        roles: {
          app: {
            ...podIdentityRole(allow('s3:*', '*')),
            boundary: [allow('*', '*')],
            attached: [deny('s3:GetObject', 'data/*')],
          },
        },
        buckets: { data: { account: 'other', policy: [forPrincipal('*', allow('s3:GetObject', 'data/*'))] } },
        workloads: red,
        probes: reading,
      },
      ['policy', 'account'],
      [
        'inline | bucket in another',
        'managed | bucket in another',
        'boundary | bucket in another',
        'bucket | bucket in another',
      ],
    ],
    [
      'a session policy of AssumeRole',
      {
        roles: { app: podIdentityRole(), next: { trust: [trustRole('app')], permissions: [] } },
        workloads: red,
        probes: [granted('red', getObject('data/red/key', { through: chain('next', { policy: [tagged] }) }))],
      },
      ['policy', 'tag'],
      ['session | kubernetes-namespace'],
    ],
    [
      'the trust policy of who is assumed',
      {
        roles: {
          app: podIdentityRole(),
          next: {
            trust: [
              trustRole('app', {
                conditions: { ArnLikeIfExists: { 'aws:RequestTag/eks-cluster-arn': '<cluster-arn:c2>' } },
              }),
            ],
          },
        },
        workloads: red,
        probes: [granted('red', assumeRole('next'))],
      },
      ['trust', 'operator', 'policy', 'cluster'],
      ['session tag | none | trust | other', 'session tag | ArnLike+IfExists | trust | other'],
    ],
    [
      'a trust policy that denies',
      {
        roles: {
          app: {
            trust: [
              trustPodIdentity(),
              {
                ...trustPodIdentity({ conditions: { StringNotEquals: { 'aws:SourceAccount': '1' } } }),
                effect: 'Deny',
              },
            ],
          },
        },
        workloads: red,
        probes: [granted('red', fetchCredentials())],
      },
      ['trust', 'policy'],
      ['source+Deny | trust', 'source+Deny | trust'],
    ],
    [
      'variables in resources',
      {
        roles: { app: podIdentityRole(allow('s3:GetObject', 'data/${aws:PrincipalTag/kubernetes-pod-uid}/*')) },
        workloads: red,
        probes: reading,
      },
      ['tag', 'operator'],
      ['kubernetes-pod-uid | Resource'],
    ],
    [
      'tags of its own',
      {
        roles: {
          app: podIdentityRole(
            allow('s3:GetObject', 'data/*', {
              'ForAnyValue:StringLike': { 's3:ExistingObjectTag/team': '${aws:PrincipalTag/eks-cluster-name}' },
            }),
          ),
        },
        workloads: red,
        probes: reading,
      },
      ['tag', 'operator'],
      ['other | StringLike+ForAnyValue', 'eks-cluster-name | StringLike+ForAnyValue'],
    ],
    [
      'documents of files',
      {
        roles: {
          app: {
            trust: [trustPodIdentity()],
            permissions: {
              from: 'a file',
              document: {
                Statement: {
                  Effect: 'Allow',
                  Action: 's3:Get*',
                  Resource: ['arn:aws:s3:::data/*'],
                  Condition: { Null: { 'aws:PrincipalTag/kubernetes-pod-name': 'false' } },
                },
              },
            },
          },
        },
        workloads: red,
        probes: reading,
      },
      ['policy', 'tag', 'operator'],
      ['inline | kubernetes-pod-name | Null'],
    ],
  ] as const satisfies readonly (readonly [string, Partial<ScenarioSpec>, readonly Axis[], readonly string[]])[])
    it(`has ${what}`, () => expect(at(spec, ...axes)).to.deep.equal(expected));
});

describe('the decision matrix', () => {
  const everything = { has: () => true } as unknown as ReadonlySet<string>;
  const probes = [control('red', getObject('data/red/key')), denied('red', getObject('data/blue/key'), { by: 's3' })];
  const scenarios = [
    aScenario({ probes }, 'AB-01'),
    aScenario({ probes, roles: { app: podIdentityRole(tagged) }, needs: ['weather'] }, 'AB-02'),
    aScenario({ probes: [], workloads: {} }, 'AB-03'),
  ];
  const pairOf = (available: ReadonlySet<string>, axes: string, ...values: string[]): Pair | undefined =>
    decisionMatrix(scenarios, available)
      .tables.find((table) => table.axes.join() === axes)
      ?.pairs.find((pair) => pair.values.join() === values.join());

  it('says who asserts a pair, why it is skipped or impossible, and what is open', () => {
    expect(pairOf(everything, 'tag,operator', 'kubernetes-namespace', 'StringEquals')).to.include({
      state: 'asserted',
    });
    expect(pairOf(everything, 'credentials,action', 'Pod Identity', 'GetObject')?.scenarios).to.deep.equal([
      'AB-01',
      'AB-02',
    ]);
    const here = new Set(['kubernetes', 's3', 'pod-identity']);
    expect(pairOf(here, 'credentials,action', 'Pod Identity', 'GetObject')).to.include({ state: 'asserted' });
    const skipped = pairOf(here, 'tag,operator', 'kubernetes-namespace', 'StringEquals');
    expect(skipped).to.deep.include({ state: 'skipped', scenarios: ['AB-02'] });
    expect(skipped?.reason).to.contain('(weather)');
    expect(pairOf(here, 'tag,operator', 'none', 'StringEquals')).to.deep.include({
      state: 'impossible',
      scenarios: [],
    });
    expect(pairOf(here, 'tag,operator', 'kubernetes-pod-uid', 'StringEquals')).to.deep.include({
      state: 'open',
      scenarios: [],
    });
    // Whichever of the two axes comes first.
    expect(pairOf(here, 'credentials,policy', 'none', 'inline')).to.include({ state: 'impossible' });
    expect(pairOf(here, 'operator,action', 'Resource', 'AssumeRoleWithWebIdentity')).to.include({
      state: 'impossible',
    });
    expect(decisionMatrix(scenarios, here).apart).to.deep.equal(['AB-03']);
  });

  it('has a row of 80 columns at most for each two axes', () => {
    const matrix = decisionMatrix(scenarios, everything);
    const lines = matrixText(matrix).split('\n');
    expect(Math.max(...lines.map(({ length }) => length))).to.be.at.most(80);
    expect(matrix.tables).to.have.length((AXIS_NAMES.length * (AXIS_NAMES.length - 1)) / 2);
    expect(lines[0]).to.match(/^axes +asserted +skipped +impossible +open$/);
    const all = matrix.tables.flatMap(({ pairs }) => pairs);
    expect(
      lines
        .find((line) => line.startsWith('all '))
        ?.split(/ +/)
        .slice(1)
        .map(Number),
    ).to.deep.equal(countsOf(all));
    expect(countsOf(all).reduce((sum, count) => sum + count)).to.equal(all.length);
  });

  it('of a run is that of its scenarios, and forgets what was not there before', () => {
    const results = scenarios.map((scenario) => ({
      ...{ id: scenario.id, points: placesOf(scenario), reason: 'No weather here.' },
      verdict: scenario.id === 'AB-02' ? 'skipped' : 'passed',
    }));
    const here = new Set(['kubernetes', 's3', 'pod-identity']);
    const states = (tables: readonly Table[]) => tables.flatMap(({ pairs }) => pairs.map(({ state }) => state));
    const ofRun = matrixOfRun({ matrix: FRAME, scenarios: results });
    expect(states(ofRun)).to.deep.equal(states(decisionMatrix(scenarios, here).tables));
    const skipped = ofRun.flatMap(({ pairs }) => pairs).find(({ state }) => state === 'skipped');
    expect(skipped?.reason).to.equal('No weather here.');
    expect(matrixOfRun({ scenarios: results })).to.deep.equal([]);
    // Values that the axes lack are passed over.
    const stray = [{ ...results[0]!, points: ['99.99.99', '', 'x'] }];
    expect(new Set(states(matrixOfRun({ matrix: FRAME, scenarios: stray })))).to.deep.equal(
      new Set(['impossible', 'open']),
    );
  });
});
