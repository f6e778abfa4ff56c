import { expect } from 'chai';
import * as operations from '../../operations/index.ts';
import * as policies from '../../scenario/policy.ts';
import { TEAMS, teamChanges, type TeamChange } from '../../../test/support/team-policies.ts';
import { embeddedRun } from '../../../test/support/embedded-run.ts';
import { explainSurvivor, withProbe, type Probe, type Survivor } from './index.ts';

const changes = Object.keys(TEAMS).flatMap(teamChanges);
const change = (start: string): TeamChange => changes.find(({ name }) => name.startsWith(`${start}, `))!;
const explained = async (start: string): Promise<Extract<Survivor, { kind: 'explained' }>> => {
  const survivor = await explainSurvivor(change(start));
  if (survivor.kind !== 'explained') throw new Error(`${start} is not explained`);
  return survivor;
};

/** Changes that no pod can notice: other policies, AWS or Kubernetes rule out the requests that would. */
const EQUIVALENT = [
  // Kubernetes accepts lower-case names only; EKS always sends the source account.
  ...['ledger 7', 'ledger 10'],
  // STS rejects other audiences first, and a token always has both claims.
  ...['shop 3', 'shop 7', 'shop 9'],
  // The permissions or another trust policy limit more.
  ...['partner 10', 'partner 13'],
];

/** The search finds no difference, because boundaries and permissions limit more, but does not try all actions. */
const UNKNOWN = [
  ...[
    'shop 15: actions such as s3:GetObjectAcl are not tried',
    'partner 21: actions such as s3:GetObjectAcl are not tried',
  ],
  'shop 21: actions such as s3:AbortMultipartUpload are not tried',
];

describe('the search for a request that tells two versions of a policy apart', () => {
  const sentences: readonly (readonly [string, string])[] = [
    ['ledger 1', 'pods of service account `ledger` in every namespace get the role `ledger`'],
    [
      'ledger 3',
      'pods of every service account whose name starts with `ledger` in namespace `payments` get the role `ledger`',
    ],
    ['ledger 6', 'pods of every service account in namespace `payments` without session tags get the role `ledger`'],
    [
      'ledger 8',
      'pods of service account `ledger` in namespace `payments` of another cluster (c2) get the role `ledger`',
    ],
    ['ledger 12', 'pods of service account `ledger` in namespace `staging` get the role `ledger`'],
    [
      'ledger 22',
      'pods of service account `ledger` in namespace `payments` may read `team-ledger/payments/closed/2024`',
    ],
    ['shop 1', 'pods of every service account in namespace `shop` get the role `catalog` by web identity'],
    ['partner 5', 'pods of service account `app` in namespace `red` may assume role `target`'],
    ['partner 16', 'pods of service account `app` in namespace `red` through role `target` may write `data/reports/1`'],
  ];
  for (const [name, sentence] of sentences)
    it(`${name}: ${sentence}`, async () => expect((await explained(name)).sentence).to.equal(sentence));

  it('explains every wrong version by hand, except those that no pod can notice', async () => {
    const unexplained = [];
    for (const one of changes) {
      const survivor = await explainSurvivor(one);
      if (survivor.kind === 'equivalent') unexplained.push([one.name.split(',')[0], ...survivor.limits].join(': '));
    }
    expect(unexplained).to.have.members([...EQUIVALENT, ...UNKNOWN]);
    expect(changes.length - unexplained.length).to.equal(60);
  });

  const limitsOf = async (spec: object, documents?: Parameters<typeof explainSurvivor>[0]['documents']) => {
    const question = change('ledger 7');
    const scenario = { ...question.scenario, spec: { ...question.scenario.spec, ...spec } };
    const survivor = await explainSurvivor({
      ...{ ...question, scenario, changed: scenario.spec },
      documents: documents ?? question.documents,
    });
    return survivor.kind === 'equivalent' ? survivor.limits : [];
  };

  const { ledger } = change('ledger 7').scenario.spec.workloads!;
  const workloads = Object.fromEntries(
    Array.from({ length: 13 }, (_, index) => [`w${index}`, { ...ledger!, serviceAccount: `sa${index}` }]),
  );

  it('names the bounds that it reaches', async () => {
    expect(await limitsOf({})).to.deep.equal([]);
    expect(await limitsOf({ workloads })).to.include.members([
      'at most 8 workloads are varied',
      'at most 12 names of a kind are tried',
    ]);
    const unused = change('ledger 22');
    const spec = { ...unused.scenario.spec, workloads: {} };
    const survivor = await explainSurvivor({ ...unused, scenario: { ...unused.scenario, spec }, changed: spec });
    expect(survivor).to.deep.include({ limits: ['no request can be made'] });
  });

  it('lets other work of the process go on', async () => {
    let turns = 0;
    let isOver = false;
    const turn = (): void => {
      turns += 1;
      if (!isOver) setImmediate(turn);
    };
    setImmediate(turn);
    await limitsOf({ workloads });
    isOver = true;
    expect(turns).to.be.above(5);
  });

  it('names what changed statements test, but the search does not vary', async () => {
    const statement = (Condition: object): object => ({
      Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Condition }],
    });
    const [time, acl] = ['aws:CurrentTime', 's3:x-amz-acl'].map((key) => statement({ Null: { [key]: 'true' } }));
    expect(await limitsOf({}, [time!, acl!])).to.deep.equal([
      'aws:CurrentTime is not varied',
      's3:x-amz-acl is not varied',
    ]);
    expect(await limitsOf({}, [time!, time!])).to.deep.equal([]);
    const others = { Statement: { Effect: 'Deny', NotAction: 's3:*' } };
    expect(await limitsOf({}, [others, {}])).to.deep.equal(['NotAction is not searched']);
    const queue = { Statement: { Effect: 'Allow', Action: 'sqs:*' } };
    expect(await limitsOf({}, [queue, {}])).to.deep.equal(['actions such as sqs:AddPermission are not tried']);
  });

  it('writes the same probe as code and as data', async () => {
    for (const one of changes) {
      const survivor = await explainSurvivor(one);
      if (survivor.kind !== 'explained' || survivor.probe === undefined) continue;
      const { addition, code, imports } = survivor.probe;
      expect(evaluated(code, imports), one.name).to.deep.equal(addition);
    }
  });

  it('names each source that a pod has changed', async () => {
    expect((await explained('ledger 6')).probe?.code).to.deep.equal({
      roles: [],
      workloads: [
        "'ledger-2-untagged': { namespace: 'payments', serviceAccount: 'ledger-2', role: { role: 'ledger', disableSessionTags: true } }",
      ],
      objects: [],
      probes: ["refused('ledger-2-untagged', fetchCredentials(), { by: 'eks-auth', code: 'AccessDeniedException' })"],
    });
    expect((await explained('partner 8')).probe?.code.roles).to.deep.equal([
      "intruder: podIdentityRole(allow(['sts:AssumeRole', 'sts:TagSession'], '<role:target>'))",
    ]);
  });

  it('proposes no probe in a namespace that every cluster has', async () => {
    expect(await explained('shop 8')).to.include({ probe: undefined });
  });

  it('returns a request whose keys of one source fit together', async () => {
    const { context } = (await explained('ledger 9')).request;
    const cluster = String(context['aws:RequestTag/eks-cluster-name']);
    expect(context['aws:SourceArn']).to.equal(context['aws:RequestTag/eks-cluster-arn']);
    expect(context['aws:SourceArn']).to.match(new RegExp(`:cluster/${cluster}$`));
  });

  it('finds a lost permission by a probe that was granted', async () => {
    const { scenario } = change('ledger 1');
    const trust = { ...change('ledger 1'), documents: [{}, {}] as const };
    const roles = {
      ledger: {
        ...scenario.spec.roles!['ledger']!,
        trust: [policies.trustPodIdentity({ actions: ['sts:AssumeRole'] })],
      },
    };
    const survivor = await explainSurvivor({ ...trust, changed: { ...scenario.spec, roles } });
    if (survivor.kind !== 'explained') throw new Error('not explained');
    expect(survivor.sentence).to.equal(
      'pods of service account `ledger` in namespace `payments` no longer get the role `ledger`',
    );
    expect(survivor.probe?.code.probes).to.deep.equal(["granted('ledger', fetchCredentials())"]);
  });
});

describe('a proposed probe', () => {
  const embedded = embeddedRun();
  for (const [name, id] of [
    ['ledger 6', 'LO-91'],
    ['ledger 24', 'LO-92'],
    ['partner 8', 'LO-93'],
  ] as const)
    it(`passes with the original and fails with the change: ${name}`, async () => {
      const { scenario, changed } = change(name);
      const probe = (await explained(name)).probe!;
      const before = await embedded.run(withProbe(scenario.spec, probe), id);
      expect(before.verdict, before.reason).to.equal('passed');
      const after = await embedded.run(withProbe(changed, probe), `${id}b`);
      expect(after.probes[0]?.verdict, after.reason).to.equal('failed');
    });
});

/** Evaluates the code with the package's builders. */
function evaluated(code: Probe['code'], imports: readonly string[]): unknown {
  const builders: Readonly<Record<string, unknown>> = { ...operations, ...policies };
  const text = `return { roles: { ${code.roles.join(', ')} }, workloads: { ${code.workloads.join(', ')} }, objects: [${code.objects.join(', ')}], probes: [${code.probes.join(', ')}] };`;
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- The code is what a user pastes.
  const make = new Function(...imports, text) as (...given: readonly unknown[]) => unknown;
  return make(...imports.map((name) => builders[name]));
}
