import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { expect } from 'chai';
import { listen, stopServer } from '../../foundation/node/listen.ts';
import { rehearsalCloud, type RehearsalCloud } from '../../scripts/cloud/cloud.ts';
import { runConformance, type CliRun } from '../support/run-cli.ts';
import { PASSES, scenario, suiteFile } from '../support/suites.ts';

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
addFormats.default(ajv);
const valid = ajv.compile(JSON.parse(readFileSync('harness/report/results.schema.json', 'utf8')) as object);

/** Hides AWS config files and instance metadata of the local machine. */
const NOWHERE = {
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
};

describe('command line with --cluster eks', () => {
  let cloud: RehearsalCloud;
  before(async () => (cloud = await rehearsalCloud()));
  after(() => cloud.close());

  const run = (
    args: readonly string[],
    env: Readonly<Record<string, string>> = cloud.environment,
    ...scenarios: readonly string[]
  ): Promise<CliRun> =>
    runConformance({
      args: ['--cluster', 'eks', '--suite', 'mine', ...args],
      env: { ...NOWHERE, ...env },
      files: { 'mine.ts': suiteFile(...(scenarios.length > 0 ? scenarios : [scenario('MY-01', PASSES)])) },
    });
  const atEndpoint = (): string[] => ['--aws-endpoint', cloud.emulator.endpoint];

  describe('with a passing and a skipped scenario', () => {
    let mixed: CliRun;
    before(async () => {
      mixed = await run(
        [...atEndpoint(), '--verbose'],
        cloud.environment,
        scenario('MY-01', PASSES),
        scenario('MY-02', `all.advanceClock(1), ${PASSES}`),
      );
    });

    it('judges them like on any cluster', () => {
      expect(mixed.exitCode, mixed.stderr).to.equal(0);
      const verdicts = mixed.results!.scenarios.map(({ id, verdict }) => `${id} ${verdict}`);
      expect(verdicts).to.deep.equal(['MY-01 passed', 'MY-02 skipped']);
      expect(mixed.results!.scenarios[1]!.reason).to.include('its clock cannot be moved');
    });

    it('reports the AWS endpoint, its capabilities and the number of calls', () => {
      expect(valid(mixed.results), ajv.errorsText(valid.errors)).to.equal(true);
      const { environment, aws } = mixed.results!;
      expect(environment).to.include({ cluster: 'eks', aws: 'endpoint', region: 'us-west-2' });
      expect(environment.endpoints).to.have.property('eks-auth', cloud.emulator.endpoint);
      expect(environment.services).to.deep.equal(['s3', 'iam', 'sts', 'eks', 'eks-auth']);
      expect(aws!.calls.byOperation).to.include({ 'eks:CreateCluster': 1, 'eks:DeleteCluster': 1 });
      expect(mixed.stderr).to.match(/^AWS calls: \d+/m);
    });

    it('reports the fidelity of the AWS endpoint', () => {
      const page = readFileSync(join(mixed.reportDirectory, 'fidelity.md'), 'utf8');
      expect(page).to.include('**2 scenarios: 1 as AWS, 0 differs, 1 not available**');
      expect(mixed.stderr).to.match(/^Report: .*fidelity\.md$/m);
    });

    it('reveals no secrets', () => {
      const { AWS_SECRET_ACCESS_KEY = '', AWS_SESSION_TOKEN = '', AWS_ACCESS_KEY_ID = '' } = cloud.environment;
      const files = ['results.json', 'junit.xml', 'fidelity.md'].map((name) => join(mixed.reportDirectory, name));
      for (const text of [mixed.stdout, mixed.stderr, ...files.map((file) => readFileSync(file, 'utf8'))])
        for (const secret of [AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_ACCESS_KEY_ID, 'k8s-aws-v1.'])
          expect(text).not.to.include(secret);
    });

    it('leaves no resources', async () => expect(await cloud.inventory()).to.deep.equal([]));
  });

  it('does not succeed if no scenario ran', async () => {
    const skipped = (...args: readonly string[]) =>
      run([...atEndpoint(), ...args], cloud.environment, scenario('MY-01', `all.advanceClock(1), ${PASSES}`));
    const { exitCode, results, stderr } = await skipped();
    expect(exitCode, stderr).to.equal(3);
    expect(results!.run.error).to.match(/^The only scenario was skipped, so nothing was judged/);
    expect((await skipped('--pass-with-no-scenarios')).exitCode).to.equal(0);
    expect(await cloud.inventory()).to.deep.equal([]);
  });

  it('requires an image of the probe program for nodes in AWS', async () => {
    const { exitCode, stderr } = await run([]);
    expect(exitCode, stderr).to.equal(2);
    expect(stderr).to.include('Name its image with --workload-image; docs/eks.md');
  });

  it('rejects an endpoint without EKS', async () => {
    const server = createServer((_request, response) => response.writeHead(501).end());
    const nowhere = `http://127.0.0.1:${await listen(server)}`;
    const { exitCode, stderr } = await run([...atEndpoint(), '--aws-endpoint', `eks=${nowhere}`]);
    await stopServer(server);
    expect(exitCode, stderr).to.equal(2);
    expect(stderr).to.include(`${nowhere} has no EKS (status 501), so it cannot create clusters`);
    expect(await cloud.inventory()).to.deep.equal([]);
  });

  it('rejects AWS_ENDPOINT_URL, since results would name the wrong AWS', async () => {
    const env = { ...cloud.environment, AWS_ENDPOINT_URL: cloud.emulator.endpoint };
    const { exitCode, stderr, reportDirectory } = await run(['--workload-image', 'probe:1'], env);
    expect(exitCode, stderr).to.equal(2);
    expect(stderr).to.include('AWS_ENDPOINT_URL is set').and.include('Pass the URL with --aws-endpoint');
    expect(existsSync(join(reportDirectory, 'fidelity.md'))).to.equal(false);
  });
});
