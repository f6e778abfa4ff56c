import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { execa } from 'execa';
import { JAVASCRIPT } from '../../clients/javascript/index.ts';
import { ensureComponentImage } from '../../clusters/kind/images/index.ts';
import rules from '../../harness/in-cluster/rbac.json' with { type: 'json' };
import { nodeImage } from '../support/node-image.ts';
import { ROOT, runConformance, type CliOptions, type CliRun } from '../support/run-cli.ts';

const TAG = 'eks-pod-identity-conformance/runner:in-cluster-test';
const NAMESPACE = 'eks-pod-identity-conformance';
const RUN = 'c0ffee2';
const docker = (...args: string[]): string => execFileSync('docker', args, { encoding: 'utf8' }).trim();
/** In the node, as the cluster's administrator; what a refusal says, too. */
const kubectl = async (...args: string[]): Promise<string> => {
  const command = ['kubectl', '--kubeconfig', '/etc/kubernetes/admin.conf', ...args];
  const { all } = await execa('docker', ['exec', `${RUN}-c1-control-plane`, ...command], { all: true, reject: false });
  return all;
};

describe('a runner in a kind cluster', () => {
  const image = nodeImage();
  before(async () => {
    const base = await ensureComponentImage({
      ...{ workload: JAVASCRIPT, base: image, progress: () => undefined },
      signal: new AbortController().signal,
    });
    await execa('node', ['scripts/runner-image.js', '--base', base, '--tag', TAG], { cwd: ROOT });
  });
  after(() => execa('docker', ['image', 'rm', '--force', TAG]));

  const run = (scenarios: string, signals: CliOptions['signals'] = []): Promise<CliRun> =>
    runConformance({
      args: [
        ...['--in-cluster', '--cluster', 'kind', '--kind-image', image, '--image-base', image, '--runner-image', TAG],
        ...['--run-id', RUN, '--scenario', scenarios, '--ready-timeout', '600', '--reporter', 'list,junit,html'],
      ],
      signals,
    });
  const expectNothingLeft = (): void => {
    expect(docker('ps', '--all', '--quiet', '--filter', `name=${RUN}`)).to.equal('');
    expect(docker('network', 'ls', '--quiet', '--filter', `name=${RUN}`)).to.equal('');
  };

  it('judges as one outside does, with the generated rights alone, and leaves nothing', async () => {
    const who = ['--as', `system:serviceaccount:${NAMESPACE}:runner`];
    let [rights, inSystem, beyond] = ['', '', ''];
    const ended = await run('PI-01,IR-01,AP-01,RB-01,EV-01', [
      {
        after: 'PI-01',
        signal: 'SIGCONT',
        look: async () => {
          rights = await kubectl('auth', 'can-i', '--list', ...who);
          inSystem = await kubectl('auth', 'can-i', '--list', '--namespace', 'kube-system', ...who);
          beyond = await kubectl('delete', 'node', `${RUN}-c1-control-plane`, ...who);
        },
      },
    ]);
    expect(ended.exitCode, ended.stderr).to.equal(0);
    expect(ended.results?.summary).to.include({ failed: 0, error: 0, inconclusive: 0 });
    expect(ended.results?.summary.passed).to.be.greaterThan(2);
    expect(ended.results?.environment.clusters[0]?.facts).to.include.keys('agentImage', 'agentAddonVersion');
    expect(ended.junit).to.contain('PI-01');
    const granted = (table: string): string[] =>
      table
        .split('\n')
        .slice(1)
        .map((line) => line.split(/\s{2,}/)[0] ?? '')
        .filter((resource) => resource !== '' && !/^selfsubject/.test(resource));
    const names = (all: typeof rules.cluster | (typeof rules)['kube-system']): string[] =>
      all.flatMap(({ apiGroups: [group], resources }) =>
        resources.map((resource) => {
          const [name, sub] = resource.split('/');
          return `${name}${group === '' ? '' : `.${group}`}${sub === undefined ? '' : `/${sub}`}`;
        }),
      );
    expect([...new Set(granted(rights))]).to.have.members([...new Set(names(rules.cluster))]);
    expect([...new Set(granted(inSystem))]).to.have.members([
      ...new Set([...names(rules.cluster), ...names(rules['kube-system'])]),
    ]);
    expect(beyond).to.match(/forbidden.*cannot delete resource "nodes"/s);
    expectNothingLeft();
  });

  it('that is killed half-way leaves what it has judged, and nothing else', async () => {
    const ended = await run('PI-01,LC-01,LC-02,LC-03,LC-12', [
      {
        after: 'PI-01',
        signal: 'SIGCONT',
        look: async () =>
          void (await kubectl('delete', 'pod', '--namespace', NAMESPACE, '--force', '--selector', 'job-name=runner')),
      },
    ]);
    expect(ended.exitCode, ended.stderr).to.equal(130);
    expect(ended.stderr).to.match(/runner in the cluster did not come to its end/);
    const { scenarios = [], run: facts } = ended.results ?? {};
    expect(facts).to.include({ interrupted: true, exitCode: 130 });
    expect(scenarios.find(({ id }) => id === 'PI-01')?.verdict).to.equal('passed');
    const others = scenarios.filter(({ verdict }) => verdict !== 'passed' && verdict !== 'skipped');
    expect(others.every(({ verdict, errorCode }) => verdict === 'error' && errorCode === 'RUNNER_FAILED')).to.equal(
      true,
    );
    expectNothingLeft();
  });
});
