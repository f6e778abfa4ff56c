import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EKSClient, ListClustersCommand } from '@aws-sdk/client-eks';
import { IAMClient, ListOpenIDConnectProvidersCommand, ListRolesCommand } from '@aws-sdk/client-iam';
import { CreateBucketCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { columnOf } from './fidelity.ts';
import type { ScenarioResult, Verdict } from '../../harness/results/results.ts';
import { runConformance, type CliRun } from '../support/run-cli.ts';
import { publishedColumn } from './fidelity-page.ts';
import { startSubject, subjectTools, type ContractSubject } from './subjects.ts';

/**
 * Differences between MiniStack 1.5.33 and AWS, by the scenario that shows them. Other scenarios that can be judged there pass:
 * the lifecycle of clusters, add-ons and associations is as documented by AWS.
 */
const DIFFERENCES: Readonly<Record<string, string>> = {
  'CP-02': 'issuers have its own address, and end in 28 hexadecimal digits',
  'CP-06': 'an add-on that was created without a version has none',
  'CP-09': 'ids of associations have 16 digits after the dash',
  'CP-13': 'the external id of a target role is a UUID',
  'CP-16': 'TagResource, UntagResource and ListTagsForResource do not support associations',
  'CP-18': 'tag operations on a missing resource answer ResourceNotFoundException, which is not documented',
  'CP-23': 'maxResults is not checked',
  'CP-24': 'tags are not checked',
  'PI-11': 'the trust policy of the role is not checked',
  'PI-12': 'the role need not exist',
  'PI-14': 'the message about a duplicate association does not name the first one',
  'PI-21': 'a policy is accepted together with session tags',
  'PI-27b': 'a list of associations contains only the first page',
};

/** Scenarios that can be judged without pods and pass. */
const AS_AWS = [
  ...['CP-01', 'CP-03', 'CP-04', 'CP-05', 'CP-07', 'CP-08', 'CP-10', 'CP-11', 'CP-12', 'CP-14', 'CP-15', 'CP-17'],
  ...['CP-19', 'CP-20', 'CP-21', 'CP-22', 'CP-33', 'PI-27', 'PI-28', 'LC-22'],
];

describe('MiniStack', function () {
  // Installing and starting it takes long on a loaded machine.
  this.timeout(1_800_000);
  let stack: ContractSubject;

  before(async function () {
    const tools = subjectTools('ministack');
    if ('missing' in tools) {
      process.stderr.write(`Skipping the tests with MiniStack: ${tools.missing}.\n`);
      return this.skip();
    }
    stack = await startSubject('ministack');
  });
  after(() => (stack as ContractSubject | undefined)?.close());

  const config = (secretAccessKey = stack.secretAccessKey) => ({
    endpoint: stack.endpoint,
    region: 'us-west-2',
    forcePathStyle: true,
    credentials: { accessKeyId: stack.accessKeyId, secretAccessKey },
    maxAttempts: 1,
  });

  const run = (...args: readonly string[]): Promise<CliRun> =>
    runConformance({
      args: ['--aws-endpoint', stack.endpoint, ...args],
      env: {
        AWS_ACCESS_KEY_ID: stack.accessKeyId,
        AWS_SECRET_ACCESS_KEY: stack.secretAccessKey,
        AWS_REGION: 'us-west-2',
      },
    });

  /** Returns the names of resources of harness runs. */
  const ofRuns = async (): Promise<readonly string[]> => {
    const eks = new EKSClient(config());
    const iam = new IAMClient(config());
    const s3 = new S3Client(config());
    const [{ clusters = [] }, { Roles = [] }, { OpenIDConnectProviderList: providers = [] }, { Buckets = [] }] =
      await Promise.all([
        eks.send(new ListClustersCommand({})),
        iam.send(new ListRolesCommand({})),
        iam.send(new ListOpenIDConnectProvidersCommand({})),
        s3.send(new ListBucketsCommand({})),
      ]);
    return [
      ...clusters,
      ...Roles.map(({ RoleName }) => RoleName ?? ''),
      ...Buckets.map(({ Name }) => Name ?? ''),
      ...providers.map(({ Arn }) => Arn ?? ''),
    ].filter((name) => name.startsWith('conformance-') || name.includes('oidc-provider'));
  };

  it('accepts calls only with its key', async () => {
    await new S3Client(config()).send(new CreateBucketCommand({ Bucket: 'data' }));
    const refused = await new S3Client(config('another-secret')).send(new ListBucketsCommand({})).then(
      () => 'accepted',
      (error: unknown) => (error as Error).name,
    );
    expect(refused).to.equal('SignatureDoesNotMatch');
  });

  describe('as AWS of a run on EKS', () => {
    let outcome: CliRun;

    before(async () => {
      outcome = await run('--cluster', 'eks', '--suite', 'associations,eks-api,pod-identity,lifecycle');
    });

    it('creates clusters and their add-ons', () => {
      expect(
        outcome.results?.environment.clusters.map(({ alias }) => alias),
        outcome.stderr,
      ).to.have.members(['c1', 'c2']);
      expect(outcome.results?.aws?.calls.byOperation).to.include({ 'eks:CreateCluster': 2, 'eks:CreateAddon': 2 });
    });

    it('passes scenarios about the lifecycle of clusters, add-ons and associations', () =>
      expect(idsOf(outcome, 'passed')).to.have.members(AS_AWS));

    it('fails only scenarios with known differences', () => {
      expect(idsOf(outcome, 'failed')).to.have.members(Object.keys(DIFFERENCES));
      expect([...idsOf(outcome, 'error'), ...idsOf(outcome, 'inconclusive')]).to.deep.equal([]);
      expect(outcome.exitCode).to.equal(1);
    });

    it('skips all others, for lack of Kubernetes or a second account', () => {
      const skipped = scenarios(outcome).filter(({ verdict }) => verdict === 'skipped');
      expect(skipped).to.not.have.length(0);
      for (const { id, reason } of skipped) expect(reason, id).to.match(/\((kubernetes|two-accounts)[:)]/);
    });

    it('differs from AWS in the fidelity table', () => {
      const table = readFileSync(join(outcome.reportDirectory, 'fidelity.md'), 'utf8');
      for (const id of AS_AWS) expect(table).to.match(new RegExp(`^\\| ${id} .* \\| as AWS \\|`, 'm'));
      for (const id of Object.keys(DIFFERENCES))
        expect(table).to.match(new RegExp(`^\\| ${id} .* \\| differs \\|`, 'm'));
      expect(table).to.match(/^\| EKS Auth \| .* \| no \|$/m);
    });

    it('has the results in docs/fidelity.md', () => {
      const published = publishedColumn('ministack');
      for (const [id, cell] of columnOf(outcome.results)) expect(cell, id).to.equal(published.get(id));
    });

    it('contains no leftovers of the run', async () => expect(await ofRuns()).to.deep.equal([]));
  });

  describe('as S3, IAM and STS of embedded clusters', () => {
    let outcome: CliRun;

    before(async () => {
      outcome = await run('--suite', 'irsa');
    });

    it('accepts forged tokens, which fails the run', () => {
      const forged = scenarios(outcome).find(({ id }) => id === 'IR-11b');
      expect(forged?.verdict, outcome.stderr).to.equal('failed');
      expect(forged?.probes.map(({ observed }) => observed?.outcome)).to.deep.equal([
        'granted',
        'granted',
        'granted',
        'granted',
      ]);
      expect(outcome.exitCode).to.equal(1);
    });

    it('causes no errors in the harness', () => expect(idsOf(outcome, 'error')).to.deep.equal([]));

    it('differs from AWS in the fidelity table', () => {
      const table = readFileSync(join(outcome.reportDirectory, 'fidelity.md'), 'utf8');
      expect(table).to.match(/^\| IR-11b .* \| differs \|/m);
      // This scenario tests the harness's own webhook.
      expect(table).to.match(/^\| IR-22 .* \| as AWS \|/m);
    });

    it('contains no leftovers of the run', async () => expect(await ofRuns()).to.deep.equal([]));
  });
});

const scenarios = ({ results }: CliRun): readonly ScenarioResult[] => results?.scenarios ?? [];

const idsOf = (outcome: CliRun, verdict: Verdict): string[] =>
  scenarios(outcome)
    .filter((scenario) => scenario.verdict === verdict)
    .map(({ id }) => id);
