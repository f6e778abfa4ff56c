import { ListBucketsCommand } from '@aws-sdk/client-s3';
import { ListRolesCommand } from '@aws-sdk/client-iam';
import { expect } from 'chai';
import { startEmulator } from '../../emulator/index.ts';
import { emulatedAws } from '../aws-target/emulated.ts';
import type { AwsTarget } from '../aws-target/target.ts';
import { irsaRole, podIdentityRole, trustPodIdentity } from '../scenario/policy.ts';
import type { Scenario } from '../scenario/spec.ts';
import { anEnvironment } from '../../test/support/environment.ts';
import { aScenario } from '../../test/support/scenarios.ts';
import { prefetch, type Prefetch } from './prefetch.ts';
import type { Environment } from '../scenario/scenario-context.ts';

describe('prefetching', () => {
  let aws: AwsTarget;
  let environment: Environment;
  before(async () => {
    aws = emulatedAws(await startEmulator());
  });
  after(() => aws.close());
  beforeEach(() => {
    environment = anEnvironment(aws);
  });

  const begin = (scenarios: readonly Scenario[], parallel = 4, signal = new AbortController().signal): Prefetch =>
    prefetch(scenarios, environment, { parallel, signal });
  /** Suffixes of the names of existing roles and buckets. */
  const there = async (): Promise<string[]> => {
    const { iam, s3 } = aws.clients('main');
    const { Roles = [] } = await iam.send(new ListRolesCommand({ PathPrefix: '/' }));
    const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
    return [...Roles.map(({ RoleName }) => RoleName), ...Buckets.map(({ Name }) => Name)].flatMap(
      (name) => /^conformance-cabcdef-(.*)/.exec(name ?? '')?.[1] ?? [],
    );
  };

  it('creates resources that their scenario takes and removes', async () => {
    const scenario = aScenario();
    const ahead = begin([scenario]);
    const taken = ahead.take(scenario);
    await taken?.inAws;
    expect(await there()).to.have.members(['ab-01-app', 'ab-01-data']);
    expect(ahead.take(scenario)).to.equal(undefined);
    await ahead.end();
    expect(await there()).to.have.members(['ab-01-app', 'ab-01-data']);
    expect([...((await taken?.resources.remove()) ?? [])]).to.deep.equal([]);
    expect(await there()).to.deep.equal([]);
  });

  it('removes resources that no scenario takes, including unfinished ones', async () => {
    const scenarios = ['AB-01', 'AB-02', 'AB-03'].map((id) => aScenario({}, id));
    const ahead = begin(scenarios, 2);
    await ahead.end();
    expect(await there()).to.deep.equal([]);
    expect(environment.leftovers).to.deep.equal([]);
    expect(scenarios.map((scenario) => ahead.take(scenario))).to.deep.equal([undefined, undefined, undefined]);
  });

  it('creates nothing in a stopped run', async () => {
    const ahead = begin([aScenario()], 1, AbortSignal.abort(new Error('stopped')));
    await ahead.end();
    expect(await there()).to.deep.equal([]);
  });

  it('supports the ARNs of planned clusters', async () => {
    const trust = [trustPodIdentity({ conditions: { StringEquals: { 'aws:SourceArn': '<cluster-arn:c1>' } } })];
    const scenario = aScenario({ roles: { app: { trust } } });
    const ahead = begin([scenario]);
    const taken = ahead.take(scenario);
    await taken?.inAws;
    expect(await there()).to.include('ab-01-app');
    await taken?.resources.remove();
  });

  for (const [what, spec] of [
    ['trusts an issuer', { roles: { app: irsaRole('app/app') } }],
    ['registers a provider', { providers: [{ cluster: 'c1', account: 'other', clientIds: ['a'] }] }],
    ['has exact names', { exactNames: true }],
    ['has no AWS resources', { roles: {}, objects: [] }],
    [
      'uses the current time',
      {
        roles: {
          app: { trust: [trustPodIdentity({ conditions: { DateLessThan: { 'aws:CurrentTime': '<time:now>' } } })] },
        },
      },
    ],
  ] as const)
    it(`skips a scenario that ${what}`, async () => {
      const scenario = aScenario(spec);
      const ahead = begin([scenario]);
      expect(ahead.take(scenario)).to.equal(undefined);
      await ahead.end();
      expect(await there()).to.deep.equal([]);
    });

  it('reports a failure only to its scenario', async () => {
    const bad = aScenario({ roles: { app: { ...podIdentityRole(), maxSessionDuration: 1 } } }, 'AB-02');
    const ahead = begin([bad, aScenario()], 1);
    const failure = await ahead.take(bad)?.inAws.catch((error: Error) => error.name);
    expect(failure).to.match(/^Validation/);
    await ahead.end();
    expect(environment.leftovers).to.deep.equal([]);
  });
});
