import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import type { ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import { KubernetesError } from '../../foundation/protocols/kubernetes-connection.ts';
import type { AwsTarget } from '../aws-target/target.ts';
import type { EksAuthAnswer } from '../../aws/eks-auth.ts';
import {
  absent,
  admitPod,
  agentGet,
  askEksAuth,
  changeAssociation,
  connect,
  createAssociationFor,
  denied,
  getObject,
  granted,
  headObject,
  listAssociations,
  putObject,
  putRolePolicy,
  refused,
  restartPod,
  removeAssociation,
  succeeds,
  tagResource,
  untagResource,
  updateAssociation,
  whoAmI,
} from '../index.ts';
import { podIdentityRole } from '../scenario/policy.ts';
import type { Expectation, HarnessOperation, ProbeStep, ScenarioSpec, Step } from '../scenario/spec.ts';
import { aScenario } from '../../test/support/scenarios.ts';
import { expectsRefusal, stages } from './stages.ts';
import { Names } from '../scenario/names.ts';
import { changeTo, watchAssociation, watchRefusals } from './association.ts';
import { probingOrder, retryUntil, retryUntilExpected } from './probe-retries.ts';
import { isPolicyTooSoon, kubernetesPollMilliseconds, waitForIam, retryUntilConsistent } from './iam.ts';
import { isAssociationTooSoon } from '../scenario/retry-rules.ts';
import { notesOn, workload, type ScenarioContext, type AccountWorkloads } from '../scenario/scenario-context.ts';

const ROLES = { app: podIdentityRole(), other: podIdentityRole() };
const APP = 'arn:aws:iam::111122223333:role/conformance-crun-ab-01-app';

/** Returns a context on an AWS with this propagation bound. Undefined: a consistent AWS. */
function worldOf(
  boundSeconds: number | undefined,
  spec: Partial<ScenarioSpec> = {},
  aws: Partial<AwsTarget> = {},
  kubernetes: object = {},
): ScenarioContext {
  const scenario = aScenario({ roles: ROLES, ...spec });
  const sources = { run: 'crun', accountId: () => '111122223333', cluster: () => undefined };
  const propagation = boundSeconds === undefined ? undefined : { boundSeconds, waitForIam: async () => undefined };
  return {
    scenario,
    names: new Names(scenario, sources),
    tokens: new Map(),
    notes: new Map(),
    injected: new Map(),
    mayAskEksAuth: new Map(),
    signal: new AbortController().signal,
    environment: {
      run: 'crun',
      aws: { name: 'endpoint', propagation, ...aws },
      clusters: new Map([['c1', { cluster: { name: 'one' }, workloadImage: 'probe', kubernetes }]]),
    },
  } as unknown as ScenarioContext;
}

const failing = (name: string, message = ''): Error => Object.assign(new Error(message), { name });
const step = (probe: Step): ProbeStep => probe as ProbeStep;

describe('waitForIam', () => {
  it('waits in each account in which the scenario has IAM resources', async () => {
    const waits: string[][] = [];
    const noteAccounts = async (_signal: AbortSignal, accounts: Iterable<string> = []): Promise<void> =>
      void waits.push([...accounts]);
    const aws = { propagation: { boundSeconds: 1, waitForIam: noteAccounts } };
    await waitForIam(worldOf(1, {}, aws));
    await waitForIam(worldOf(1, { roles: { ...ROLES, far: { ...podIdentityRole(), account: 'other' } } }, aws));
    await waitForIam(worldOf(1, { providers: [{ cluster: 'c1', account: 'other', clientIds: [] }] }, aws));
    expect(waits).to.deep.equal([['main'], ['main', 'other'], ['main', 'other']]);
  });
});

describe('a call that depends on an earlier change', () => {
  const attempt = async (boundSeconds: number | undefined, answers: readonly (Error | string)[]): Promise<unknown> => {
    const left = [...answers];
    const work = retryUntilConsistent(
      worldOf(boundSeconds),
      ({ name }) => name === 'TooSoon',
      async () => {
        const answer = left.length > 1 ? left.shift() : left[0];
        if (answer instanceof Error) throw answer;
        return answer;
      },
      1,
    );
    return work.catch(({ name }: Error) => name);
  };

  it('is retried until it succeeds', async () =>
    expect(await attempt(30, [failing('TooSoon'), failing('TooSoon'), 'done'])).to.equal('done'));
  it('is not retried after another error', async () =>
    expect(await attempt(30, [failing('TooSoon'), failing('AccessDenied'), 'done'])).to.equal('AccessDenied'));
  it('fails after the propagation bound', async () =>
    expect(await attempt(0.02, [failing('TooSoon')])).to.equal('TooSoon'));
  it('is made once if AWS is consistent', async () =>
    expect(await attempt(undefined, [failing('TooSoon'), 'done'])).to.equal('TooSoon'));

  for (const [error, policy, association] of [
    [failing('NoSuchEntityException', 'The role with name app cannot be found.'), true, false],
    [
      failing('NoSuchEntity', 'Scope ARN: arn:aws:iam::111122223333:policy/a does not exist or is not attachable.'),
      true,
      false,
    ],
    [failing('NoSuchBucket', 'The specified bucket does not exist'), true, false],
    [failing('MalformedPolicyDocumentException', 'Invalid principal in policy: "AWS":"x"'), true, false],
    [failing('MalformedPolicy', 'Invalid principal in policy'), true, false],
    [failing('MalformedPolicy', 'Policy has invalid action'), false, false],
    [failing('ResourceInUseException', 'Association already exists'), false, true],
    [failing('InvalidParameterException', 'Role provided in the request does not exist.'), false, true],
    [failing('InvalidParameterException', 'Trust policy of the role provided is invalid'), false, true],
    [failing('InvalidParameterException', 'namespace is too long'), false, false],
    [failing('AccessDenied', 'Invalid principal, role'), false, false],
  ] as const)
    it(`is classified by ${error.name} ("${error.message}")`, () =>
      expect([isPolicyTooSoon(error), isAssociationTooSoon(error)]).to.deep.equal([policy, association]));
});

it('polls the API servers of AWS less often than others', () =>
  expect(kubernetesPollMilliseconds({ name: 'aws' })).to.be.greaterThan(
    kubernetesPollMilliseconds({ name: 'endpoint' }),
  ));

describe('the result until which the probe program retries', () => {
  const denial = step(
    denied('red', getObject('data/x'), { by: 's3', code: ['A', 'B'], policy: 'identity', explicit: false }),
  );

  it('is the expected result', () =>
    expect(retryUntil(worldOf(60), denial)).to.deep.equal({
      expected: { outcome: 'denied', by: 's3', code: ['A', 'B'], policy: 'identity', explicit: false },
      roleArn: APP,
      seconds: 60,
    }));

  it("omits a role that is not one of the scenario's", () =>
    expect(retryUntil(worldOf(60), step(granted('red', whoAmI(), { as: 'node' })))).to.deep.equal({
      expected: { outcome: 'granted' },
      seconds: 60,
    }));

  it('omits the role in a scenario without roles', () =>
    expect(retryUntil(worldOf(60, { roles: undefined as never }), denial)).not.to.have.property('roleArn'));

  it('omits facts and messages', () =>
    expect(
      retryUntil(worldOf(60), step(granted('red', headObject('data/x'), { facts: { a: 1 }, message: 'x' })))?.expected,
    ).to.deep.equal({ outcome: 'granted' }));

  it('is undefined if AWS is consistent', () => expect(retryUntil(worldOf(undefined), denial)).to.equal(undefined));
  it('is undefined for an operation that does not use AWS', () =>
    expect(retryUntil(worldOf(60), step(granted('red', connect('aws'))))).to.equal(undefined));
});

describe('the order of probes', () => {
  const no = { by: 's3', code: 'AccessDenied' } as const;
  const order = (boundSeconds: number | undefined, ...probes: readonly Step[]): number[] =>
    probingOrder(
      worldOf(boundSeconds),
      probes.map((probe, number) => ({ number, step: step(probe) })),
    ).map(({ number }) => number);
  const reads = [
    denied('red', getObject('data/a'), no),
    granted('red', getObject('data/b')),
    denied('red', headObject('data/c'), no),
    granted('red', whoAmI()),
  ];

  it('begins with expected grants', () => expect(order(60, ...reads)).to.deep.equal([1, 3, 0, 2]));
  it('begins with expected absences too', () =>
    expect(order(60, reads[0] as Step, absent('red', getObject('data/none')))).to.deep.equal([1, 0]));
  it('is unchanged if AWS is consistent', () => expect(order(undefined, ...reads)).to.deep.equal([0, 1, 2, 3]));
  it('is unchanged if a probe does not run in a pod', () =>
    expect(order(60, reads[0] as Step, succeeds(listAssociations()))).to.deep.equal([0, 1]));
  it('is unchanged if a probe writes', () =>
    expect(order(60, ...reads, granted('red', putObject('data/d')))).to.deep.equal([0, 1, 2, 3, 4]));
});

describe('a harness probe', () => {
  const list = listAssociations();
  const create = createAssociationFor('app/app', { role: 'app' });
  const inUse = { outcome: 'refused', code: 'ResourceInUseException' } as const;
  const yes = { outcome: 'granted' } as const;
  const tried = async (
    operation: HarnessOperation,
    results: readonly Pick<ProbeResult, 'outcome' | 'code' | 'status' | 'message'>[],
    boundSeconds: number | undefined = 30,
    expectation: Pick<Expectation, 'outcome' | 'status' | 'code'> = yes,
  ): Promise<unknown> => {
    let count = 0;
    const context = worldOf(boundSeconds);
    const probe = async () => {
      const result = results[Math.min(count++, results.length - 1)]!;
      return { result, judgement: { matches: result.code === undefined } };
    };
    const own = { operation, expectation };
    const { result, tries } = await retryUntilExpected(context, own, probe, 1);
    return [result.outcome, tries, count];
  };
  const wrong = { outcome: 'granted', code: 'wrong' } as const;

  it('is retried until it has the expected result', async () =>
    expect(await tried(list, [wrong, wrong, yes])).to.deep.equal(['granted', 3, 3]));
  it('runs once if it has the expected result', async () =>
    expect(await tried(list, [yes])).to.deep.equal(['granted', 1, 1]));
  it('runs once if the propagation bound is 0', async () =>
    expect(await tried(list, [wrong, yes], 0)).to.deep.equal(['granted', 1, 1]));
  it('is retried if an association was refused', async () =>
    expect(await tried(create, [inUse, yes])).to.deep.equal(['granted', 2, 2]));
  it('does not create a second association', async () =>
    expect(await tried(create, [wrong, yes])).to.deep.equal(['granted', 1, 1]));
  it('is not retried after a bad request', async () =>
    expect(await tried(list, [{ outcome: 'refused', code: 'x', status: 400 }, yes])).to.deep.equal(['refused', 1, 1]));
  it('is not retried if a bad request was accepted', async () =>
    expect(await tried(list, [wrong, yes], 30, { outcome: 'refused', status: 400 })).to.deep.equal(['granted', 1, 1]));
  it('is not retried after a refusal with the expected status', async () =>
    expect(
      await tried(create, [{ ...inUse, status: 409 }, yes], 30, { outcome: 'refused', status: 409 }),
    ).to.deep.equal(['refused', 1, 1]));
  it('is retried after an unexpected refusal without a status', async () =>
    expect(await tried(create, [inUse, { outcome: 'refused' }], 30, { outcome: 'refused' })).to.deep.equal([
      ...['refused', 2, 2],
    ]));
  it('is retried if a grant with the expected status differs otherwise', async () =>
    expect(await tried(list, [{ ...wrong, status: 200 }, yes], 30, { outcome: 'granted', status: 200 })).to.deep.equal([
      ...['granted', 2, 2],
    ]));
  it('is retried after a refusal with the status of the expected denial', async () =>
    expect(
      await tried(askEksAuth('red'), [{ ...inUse, status: 403 }, yes], 30, { outcome: 'denied', status: 403 }),
    ).to.deep.equal(['granted', 2, 2]));
  it('returns its last result if the bound interrupts a try', async () => {
    const results: ProbeResult[] = [wrong];
    const judgement = { matches: false };
    const probe = async () => {
      const result = results.pop();
      if (result !== undefined) return { result, judgement };
      await delay(100);
      throw failing('CutShort');
    };
    const own = { operation: list, expectation: yes };
    const retried = async () => retryUntilExpected(worldOf(0.05), own, probe, 1);
    expect(await retried()).to.deep.equal({ result: wrong, judgement, tries: 1 });
    expect(await retried().catch(({ name }: Error) => name)).to.equal('CutShort');
  });
  it('is not retried after an error', async () =>
    expect(await tried(list, [{ outcome: 'error', code: 'x' }, yes])).to.deep.equal(['error', 1, 1]));
  it('is retried if admission has not seen a change', async () =>
    expect(await tried(admitPod('red', {}), [wrong, yes])).to.deep.equal(['granted', 2, 2]));
  const unknown = { outcome: 'refused', code: 'ResourceNotFoundException', status: 404 } as const;
  const update = changeAssociation('a-1', { role: 'other' });
  for (const [operation, refusal] of [
    [update, inUse],
    [update, { ...unknown, code: 'InvalidParameterException', status: 400, message: 'The role does not exist.' }],
    [removeAssociation('a-1'), unknown],
    [tagResource('arn', {}), { ...unknown, code: 'NotFoundException' }],
    [untagResource('arn', ['a']), unknown],
  ] as const)
    it(`is retried if ${operation.do} came too soon: ${refusal.code}`, async () => {
      expect(await tried(operation, [refusal, yes])).to.deep.equal(['granted', 2, 2]);
      const expectation = { outcome: 'refused', code: 'Other' } as const;
      expect(await tried(operation, [refusal, yes], 30, expectation)).to.deep.equal(['refused', 1, 1]);
    });
  it('is not retried if a change was refused for another reason', async () =>
    expect(await tried(update, [{ ...unknown, code: 'AccessDeniedException' }, yes])).to.deep.equal(['refused', 1, 1]));
  for (const operation of [removeAssociation('a-1'), agentGet(2705, '/healthz')])
    it(`is not retried for ${operation.do}`, async () =>
      expect(await tried(operation, [wrong, yes])).to.deep.equal(['granted', 1, 1]));
});

describe('the expected effect of an association', () => {
  const spec: Partial<ScenarioSpec> = {
    workloads: { red: { role: 'app' } },
    probes: [
      granted('red', whoAmI()),
      updateAssociation('red', 'other'),
      restartPod('red'),
      refused('red', whoAmI(), { by: 'eks-auth', code: 'AccessDeniedException' }),
    ],
  };
  const context = worldOf(60, spec);
  const subject: AccountWorkloads = [workload(context, 'red')];
  const change = (from: number, targetRole?: string): unknown =>
    changeTo(context, subject, { role: 'app', ...(targetRole && { targetRole }) }, (names) =>
      expectsRefusal(stages(context.scenario), from, names),
    );

  it('is a session of its role', () => expect(change(0)).to.deep.equal({ injected: true, roleArn: APP }));
  it('is a session of its target role', () =>
    expect(change(0, 'other')).to.deep.equal({ injected: true, roleArn: APP.replace(/app$/, 'other') }));
  it('is any changed answer if the following probes expect a refusal', () =>
    expect(change(2)).to.deep.equal({ injected: true, roleArn: undefined }));
});

describe('a changed association', () => {
  // Calls of EKS Auth are a second apart.

  const NONE: EksAuthAnswer = { code: 'ResourceNotFoundException', message: 'No association' };
  const SESSION: EksAuthAnswer = { roleArn: APP };
  const DENIED: EksAuthAnswer = {
    code: 'AccessDeniedException',
    message: 'Unauthorized Exception! EKS does not trust it.',
  };
  const SPEC: Partial<ScenarioSpec> = {
    probes: [
      granted('red', whoAmI()),
      putRolePolicy('app'),
      refused('red', whoAmI(), { by: 'eks-auth', code: 'AccessDeniedException' }),
    ],
  };

  interface Cluster {
    readonly made: string[];
    readonly deleted: string[];
    readonly asked: number;
    readonly context: ScenarioContext;
  }

  /** Answers so that the webhook injects from its `injectsFrom`th review. EKS Auth gives these answers in turn, and repeats the last. */
  function clusterOf(
    boundSeconds: number,
    answers: readonly EksAuthAnswer[] | undefined,
    injectsFrom = 1,
    refusal?: KubernetesError,
    name: 'aws' | 'endpoint' = 'endpoint',
  ): Cluster {
    let asked = 0;
    let admitted = 0;
    const [made, deleted]: [string[], string[]] = [[], []];
    const injected = [{ name: 'AWS_CONTAINER_CREDENTIALS_FULL_URI', value: 'x' }];
    const kubernetes = {
      raw: async () => {
        admitted += 1;
        const env = admitted >= injectsFrom ? injected : [];
        return { status: 201, body: JSON.stringify({ spec: { containers: [{ name: 'app', env }] } }) };
      },
      createPod: async (
        _namespace: string,
        pod: { metadata: { name: string }; spec: { schedulingGates: unknown[] } },
      ) => {
        if (refusal !== undefined) throw refusal;
        expect(pod.spec.schedulingGates).to.have.length(1);
        made.push(pod.metadata.name);
        return { metadata: { uid: 'u' } };
      },
      createToken: async (_namespace: string, _account: string, asked: object) => {
        expect(asked).to.deep.equal({
          audiences: ['pods.eks.amazonaws.com'],
          boundPod: { name: made.at(-1), uid: 'u' },
        });
        return `token of ${made.at(-1)}`;
      },
      deletePod: async (_namespace: string, name: string) => void deleted.push(name),
    };
    const kept = new Map<string, EksAuthAnswer>();
    const askEksAuth = async (_cluster: string, token: string): Promise<EksAuthAnswer> => {
      const answer = answers?.[Math.min(asked++, answers.length - 1)] ?? expect.fail('unexpected call');
      // EKS Auth caches the session of a pod.
      if (answer.roleArn !== undefined && !kept.has(token)) kept.set(token, answer);
      return kept.get(token) ?? answer;
    };
    const workloads = { red: { role: 'app' }, twin: {} };
    const context = worldOf(boundSeconds, { workloads, ...SPEC }, { name, ...(answers && { askEksAuth }) }, kubernetes);
    return {
      made,
      deleted,
      context,
      get asked() {
        return asked;
      },
    };
  }
  const subjectOf = (context: ScenarioContext): AccountWorkloads => [
    workload(context, 'red'),
    workload(context, 'twin'),
  ];
  const toApp = { injected: true, roleArn: APP };

  it('is watched until webhook and EKS Auth know it, without leftover pods', async () => {
    const cluster = clusterOf(30, [NONE, { code: 'ThrottlingException' }, SESSION], 3);
    await (await watchAssociation(cluster.context, subjectOf(cluster.context), true))?.until(toApp);
    expect(cluster.asked).to.equal(3);
    expect(cluster.deleted).to.deep.equal(cluster.made).and.have.length(1);
    expect(notesOn(cluster.context, 'red')).to.deep.equal([]);
    // Reports redact the token, and no workload gets it.
    expect([...cluster.context.tokens.values()]).to.deep.equal([`token of ${cluster.made[0]}`]);
  });

  for (const [code, message] of [
    ['ExpiredTokenException', 'The security token included in the request is expired'],
    ['UnrecognizedClientException', 'The security token included in the request is invalid.'],
    ['AccessDeniedException', 'User: me is not authorized to perform: eks-auth:AssumeRoleForPodIdentity'],
  ] as const)
    it(`cannot be watched if the credentials cause ${code}`, async () => {
      const { context } = clusterOf(30, [{ code, message }]);
      const failed = watchAssociation(context, subjectOf(context)).catch(({ name }: Error) => name);
      expect(await failed).to.equal(code);
    });

  it('is detected by any changed answer, ignoring unrelated errors', async () => {
    const cluster = clusterOf(30, [
      { code: 'ThrottlingException' },
      SESSION,
      { code: 'UND_ERR_SOCKET', message: 'EKS Auth does not answer.' },
      { code: 'EAI_AGAIN', message: 'EKS Auth does not answer.' },
      NONE,
    ]);
    const watch = await watchAssociation(cluster.context, subjectOf(cluster.context));
    await watch?.until({ injected: true, roleArn: undefined });
    expect(cluster.asked).to.equal(5);
  });

  it('is checked with a new pod after each session', async () => {
    const other = { roleArn: APP.replace(/app$/, 'other') };
    const cluster = clusterOf(30, [SESSION, SESSION, other]);
    const watch = await watchAssociation(cluster.context, subjectOf(cluster.context));
    await watch?.until({ injected: true, roleArn: other.roleArn });
    expect(cluster.asked).to.equal(3);
    expect(cluster.deleted).to.deep.equal(cluster.made).and.have.length(3);
  });

  it('is detected on AWS after three consecutive refusals', async () => {
    const cluster = clusterOf(30, [SESSION, NONE, SESSION, NONE], 1, undefined, 'aws');
    const watch = await watchAssociation(cluster.context, subjectOf(cluster.context));
    await watch?.until({ injected: true, roleArn: undefined });
    expect(cluster.asked).to.equal(6);
  });

  it('is detected on AWS by one answer if it is new', async () => {
    const cluster = clusterOf(30, [SESSION], 1, undefined, 'aws');
    await (await watchAssociation(cluster.context, subjectOf(cluster.context), true))?.until(toApp);
    expect(cluster.asked).to.equal(1);
  });

  it('waits until EKS Auth refuses sessions of its role, if that is expected', async () => {
    const refusals = async (cluster: Cluster, role: string, next: number): Promise<number> => {
      await (
        await watchRefusals(cluster.context, role, (names) =>
          expectsRefusal(stages(cluster.context.scenario), next, names),
        )
      )();
      expect(cluster.deleted).to.deep.equal(cluster.made);
      return cluster.asked;
    };
    expect(await refusals(clusterOf(30, [SESSION, SESSION, DENIED]), 'app', 2)).to.equal(3);
    expect(await refusals(clusterOf(30, [DENIED]), 'app', 2), 'refused before').to.equal(1);
    expect(await refusals(clusterOf(30, [SESSION]), 'app', 0), 'a session is expected').to.equal(0);
    expect(await refusals(clusterOf(30, [SESSION]), 'other', 2), 'no workload has the role').to.equal(0);
  });

  it('adds notes to all workloads of the service account after the propagation bound', async () => {
    const cluster = clusterOf(0.05, [NONE], Infinity);
    await (await watchAssociation(cluster.context, subjectOf(cluster.context), true))?.until(toApp);
    for (const name of ['red', 'twin'])
      expect(notesOn(cluster.context, name)).to.deep.equal([
        'Before that, pods of ab-01-app-crun/app were still not injected for Pod Identity 0.05 s after its association was changed.',
        'Before that, EKS Auth still answered ResourceNotFoundException ("No association") for ab-01-app-crun/app 0.05 s after its association was changed.',
      ]);
    expect(cluster.deleted).to.deep.equal(cluster.made);
    expect(notesOn(cluster.context, 'blue')).to.deep.equal([]);
  });

  it('is only checked at the webhook if EKS Auth cannot be called', async () => {
    const cluster = clusterOf(30, undefined, 2);
    await (await watchAssociation(cluster.context, subjectOf(cluster.context)))?.until(toApp);
    expect(cluster.made).to.deep.equal([]);
  });

  it('is only checked at the webhook if there is no token, with a note', async () => {
    const refusal = new KubernetesError(403, 'Forbidden', 'no pods here');
    const cluster = clusterOf(30, [SESSION], 1, refusal);
    await (await watchAssociation(cluster.context, subjectOf(cluster.context)))?.until(toApp);
    expect(cluster.asked).to.equal(0);
    expect(notesOn(cluster.context, 'red').join()).to.contain('the pod has no token (status 403)');
  });

  it('is not watched if AWS is consistent', async () => {
    const context = worldOf(undefined);
    expect(await watchAssociation(context, [workload(context, 'red')])).to.equal(undefined);
  });
});
