import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { parseAllDocuments } from 'yaml';
import { JAVASCRIPT } from '../../components/clients/javascript/index.ts';
import { ensureComponentImage } from '../../clusters/kind/images/index.ts';
import { nodeImage } from '../support/node-image.ts';
import { ROOT, runConformance, type CliOptions, type CliRun } from '../support/run-cli.ts';

const TAG = 'eks-pod-identity-conformance/runner:in-cluster-test';
const NAMESPACE = 'eks-pod-identity-conformance';
const RUN = 'c0ffee2';
/** `npm run kind:node-image` installs kind there. */
const env = { XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache') };
const docker = (...args: string[]): string => execFileSync('docker', args, { encoding: 'utf8' }).trim();

/** Runs kubectl in the node as the cluster's administrator. */
const kubectl = (args: readonly string[], input = '') =>
  execa(
    'docker',
    [
      ...['exec', '--interactive', `${RUN}-c1-control-plane`, 'kubectl'],
      ...['--kubeconfig', '/etc/kubernetes/admin.conf', ...args],
    ],
    { input, reject: false },
  );

interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** Returns a text for each verb on each resource, so that rules with different groupings can be compared. */
const rightsOf = (rules: readonly Rule[]): string[] => {
  const rights = rules.flatMap(({ apiGroups = [], resources = [], resourceNames = ['*'], verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        resourceNames.flatMap((name) => verbs.map((verb) => `${verb} ${group}/${resource} ${name}`)),
      ),
    ),
  );
  return [...new Set(rights)].sort();
};

/** Default rights of all users (Kubernetes, "Using RBAC Authorization", API discovery roles: system:basic-user). */
const SELF_REVIEWS = /^create authorization\.k8s\.io\/selfsubject|^create authentication\.k8s\.io\/selfsubjectreviews/;

/** Returns the rights of the runner's service account in a namespace, according to the API server. */
async function rightsIn(namespace: string): Promise<string[]> {
  const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', spec: { namespace } };
  const who = ['--as', `system:serviceaccount:${NAMESPACE}:runner`];
  const { stdout, stderr } = await kubectl(
    [...who, 'create', '--validate=false', '-f', '-', '-o', 'json'],
    JSON.stringify(review),
  );
  expect(stderr).to.equal('');
  const { status } = JSON.parse(stdout) as { status: { resourceRules: Rule[] } };
  return rightsOf(status.resourceRules).filter((right) => !SELF_REVIEWS.test(right));
}

/** Returns the rules of a published role: the ClusterRole, or the Role in `kube-system`. */
function published(kind: 'ClusterRole' | 'Role'): readonly Rule[] {
  const documents = parseAllDocuments(readFileSync(join(ROOT, 'docs', 'rbac', 'runner.yaml'), 'utf8'));
  const objects = documents.map((document) => document.toJS() as { kind: string; rules?: readonly Rule[] });
  return objects.find((object) => object.kind === kind)?.rules ?? [];
}

describe('runner in a kind cluster', () => {
  const image = nodeImage();
  before(async () => {
    const base = await ensureComponentImage({
      workload: JAVASCRIPT,
      base: image,
      progress: () => undefined,
      signal: new AbortController().signal,
    });
    await execa('node', ['scripts/runner-image.js', '--base', base, '--tag', TAG], { cwd: ROOT });
  });
  after(() => execa('docker', ['image', 'rm', '--force', TAG]));

  const run = (flags: readonly string[], signals: CliOptions['signals'] = []): Promise<CliRun> =>
    runConformance({
      args: [
        ...['--in-cluster', '--cluster', 'kind', '--kind-image', image, '--image-base', image, '--runner-image', TAG],
        ...['--run-id', RUN, '--ready-timeout', '600', '--timeout', '300', ...flags],
      ],
      signals,
      env,
    });
  const expectNothingLeft = async (): Promise<void> => {
    const { stdout, stderr } = await runConformance({
      command: 'sweep',
      args: ['--list', '--run', RUN, '--report-dir', '/nonexistent'],
      reports: 'own',
      env,
    });
    expect(stdout + stderr).to.contain(`No leftovers of run ${RUN}.`);
    expect(docker('ps', '--all', '--quiet', '--filter', `name=${RUN}`)).to.equal('');
    expect(docker('image', 'ls', '--quiet', TAG), 'the named image is kept').not.to.equal('');
  };

  it('reports the same verdicts as a runner outside, and leaves nothing', async () => {
    const { exitCode, stderr, results, junit } = await run(['--scenario', 'PI-01,IR-01,RB-01']);
    expect(exitCode, stderr).to.equal(0);
    expect(results?.summary).to.include({ passed: 3, failed: 0, error: 0 });
    expect(results?.environment.clusters[0]?.facts).to.include.keys('agentImage', 'agentAddonVersion');
    expect(junit).to.contain('PI-01');
    await expectNothingLeft();
  });

  it('has only the published rights, and keeps its verdicts if it is killed', async () => {
    const rights: Record<string, string[]> = {};
    let [jsonl, beyond] = ['', ''];
    let reports = '';
    const ended = await run(
      // Sequential, so that some scenarios have not started yet.
      ['--suite', 'pod-identity', '--parallel', '1'],
      [
        {
          after: 'ok PI-01 ',
          // The signal has no effect. Only the look before it matters.
          signal: 'SIGCONT',
          look: async (stderr) => {
            for (const namespace of ['default', 'kube-system']) rights[namespace] = await rightsIn(namespace);
            const who = ['--as', `system:serviceaccount:${NAMESPACE}:runner`];
            ({ stderr: beyond } = await kubectl([...who, 'delete', 'node', `${RUN}-c1-control-plane`]));
            reports = / report-dir=(\S+) \(flag\)/.exec(stderr)?.[1] ?? '';
            jsonl = readFileSync(join(reports, 'results.jsonl'), 'utf8');
            const which = ['--namespace', NAMESPACE, '--selector', 'job-name=runner'];
            await kubectl(['delete', 'pod', '--force', '--grace-period', '0', ...which]);
          },
        },
      ],
    );
    expect(rights['default']).to.deep.equal(rightsOf(published('ClusterRole')));
    expect(rights['kube-system']).to.deep.equal(rightsOf([...published('ClusterRole'), ...published('Role')]));
    expect(beyond).to.match(/forbidden.*cannot delete resource "nodes"/s);

    expect(ended.exitCode, ended.stderr).to.equal(130);
    expect(ended.stderr).to.match(/runner in the cluster did not finish/);
    expect(jsonl).to.contain('"id":"PI-01"');
    expect(existsSync(join(reports, 'results.jsonl'))).to.equal(false);
    const { scenarios = [], run: facts } = ended.results ?? {};
    expect(facts).to.include({ interrupted: true, exitCode: 130 });
    expect(scenarios.find(({ id }) => id === 'PI-01')?.verdict).to.equal('passed');
    const others = scenarios.filter(({ verdict }) => verdict !== 'passed' && verdict !== 'skipped');
    expect(others.map(({ verdict, errorCode }) => `${verdict} ${errorCode}`)).to.deep.equal(['error RUNNER_FAILED']);
    await expectNothingLeft();
  });
});
