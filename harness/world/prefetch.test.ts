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

describe('what is arranged ahead of the clusters', () => {
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
  /** Roles and buckets that are there, by their names' ends. */
  const there = async (): Promise<string[]> => {
    const { iam, s3 } = aws.clients('main');
    const { Roles = [] } = await iam.send(new ListRolesCommand({ PathPrefix: '/' }));
    const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
    return [...Roles.map(({ RoleName }) => RoleName), ...Buckets.map(({ Name }) => Name)].flatMap(
      (name) => /^conformance-cabcdef-(.*)/.exec(name ?? '')?.[1] ?? [],
    );
  };

  it('is there when its scenario takes it, which then removes it', async () => {
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

  it('is removed when nobody takes it, what is still under way too', async () => {
    const scenarios = ['AB-01', 'AB-02', 'AB-03'].map((id) => aScenario({}, id));
    const ahead = begin(scenarios, 2);
    await ahead.end();
    expect(await there()).to.deep.equal([]);
    expect(environment.leftovers).to.deep.equal([]);
    expect(scenarios.map((scenario) => ahead.take(scenario))).to.deep.equal([undefined, undefined, undefined]);
  });

  it('is not begun by what the run is stopped before', async () => {
    const ahead = begin([aScenario()], 1, AbortSignal.abort(new Error('stopped')));
    await ahead.end();
    expect(await there()).to.deep.equal([]);
  });

  it('names clusters that are still to come', async () => {
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
    ['has names of its own choice', { exactNames: true }],
    ['makes nothing in AWS', { roles: {}, objects: [] }],
    [
      'says when it is',
      {
        roles: {
          app: { trust: [trustPodIdentity({ conditions: { DateLessThan: { 'aws:CurrentTime': '<time:now>' } } })] },
        },
      },
    ],
  ] as const)
    it(`is none of a scenario that ${what}`, async () => {
      const scenario = aScenario(spec);
      const ahead = begin([scenario]);
      expect(ahead.take(scenario)).to.equal(undefined);
      await ahead.end();
      expect(await there()).to.deep.equal([]);
    });

  it('tells its failure to its scenario alone', async () => {
    const bad = aScenario({ roles: { app: { ...podIdentityRole(), maxSessionDuration: 1 } } }, 'AB-02');
    const ahead = begin([bad, aScenario()], 1);
    const failure = await ahead.take(bad)?.inAws.catch((error: Error) => error.name);
    expect(failure).to.match(/^Validation/);
    await ahead.end();
    expect(environment.leftovers).to.deep.equal([]);
  });
});
