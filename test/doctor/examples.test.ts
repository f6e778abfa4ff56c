import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { parse, parseAllDocuments } from 'yaml';
import { allOptions } from '../../bin/cli/command.ts';
import { DOCTOR } from '../../bin/cli/doctor.ts';
import { clusterRole } from '../../doctor/collect/index.ts';
import { readOptions } from '../../harness/config/read-options.ts';

const textOf = (file: string): string =>
  readFileSync(fileURLToPath(new URL(`../../examples/doctor/${file}`, import.meta.url)), 'utf8');

/** Reads arguments as the command does. Throws for an unknown flag or a bad value. */
const read = (argv: readonly string[]) => readOptions(allOptions(DOCTOR), { argv, environment: {} });

interface Workflow {
  readonly permissions: object;
  readonly jobs: { readonly doctor: { readonly steps: readonly WorkflowStep[] } };
}
interface WorkflowStep {
  readonly uses?: string;
  readonly run?: string;
  readonly if?: string;
  readonly with?: Readonly<Record<string, string>>;
}
interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

describe('examples/doctor/workflow.yml', () => {
  const { permissions, jobs } = parse(textOf('workflow.yml')) as Workflow;
  const { steps } = jobs.doctor;

  it('pins actions by commit, with the version in a comment', () => {
    const uses = [...textOf('workflow.yml').matchAll(/uses: (.*)/g)].map(([, used = '']) => used);
    expect(uses).to.have.length.above(3);
    for (const used of uses) expect(used).to.match(/^[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it('uses flags that exist, and uploads the SARIF file also if there are new findings', () => {
    const commands = steps.flatMap(({ run = '' }) => /conformance doctor (.*)$/.exec(run)?.[1] ?? []);
    const given = commands.map((line) => read(line.replace(/ >.*/, '').replaceAll('"$CLUSTER"', 'prod').split(' ')));
    expect(given.map((one) => [one.text('format'), one.text('since')])).to.deep.equal([
      ['terminal', undefined],
      ['sarif', 'baseline.json'],
    ]);
    expect(given[1]?.text('from')).to.equal(given[0]?.text('save'));
    const upload = steps.find(({ uses = '' }) => uses.includes('/upload-sarif@'));
    expect(upload?.if).to.equal('always()');
    expect(commands[1]).to.match(new RegExp(`>${upload?.with?.['sarif_file']}$`));
    expect(permissions).to.include({ 'id-token': 'write', 'security-events': 'write' });
  });
});

describe('examples/doctor/cronjob.yaml', () => {
  const manifests = parseAllDocuments(textOf('cronjob.yaml')).map((one) => one.toJS() as Manifest);
  const named = (kind: string, name: string): Manifest => {
    const manifest = manifests.find((one) => one.kind === kind && one.metadata.name === name);
    if (manifest === undefined) throw new Error(`No ${kind} ${name}.`);
    return manifest;
  };

  it('has the ClusterRole that doctor prints, bound to the service account of the pod', () => {
    const { name } = clusterRole().metadata;
    expect(named('ClusterRole', name)['rules']).to.deep.equal(clusterRole().rules);
    const [subject] = named('ClusterRoleBinding', name)['subjects'] as readonly Manifest['metadata'][];
    const { metadata } = named('ServiceAccount', subject!.name);
    expect(subject).to.deep.equal({ kind: 'ServiceAccount', ...metadata });
    expect(named('ClusterRoleBinding', name)['roleRef']).to.include({ kind: 'ClusterRole', name });
    expect(podOf(named('CronJob', 'doctor')).serviceAccountName).to.equal(metadata.name);
  });

  it('uses flags that exist, and files of volumes that the pod mounts', () => {
    const { containers, volumes } = podOf(named('CronJob', 'doctor'));
    const [{ args, volumeMounts }] = containers;
    const given = read(args.slice(1));
    expect(args[0]).to.equal(DOCTOR.name);
    const mounted = (path = ''): string | undefined => {
      const mount = volumeMounts.find(({ mountPath }) => path.startsWith(`${mountPath}/`));
      return volumes.find(({ name }) => name === mount?.name)?.configMap.name;
    };
    expect(mounted(given.text('since'))).to.equal('doctor-baseline');
    const kubeconfig = named('ConfigMap', mounted(given.text('kubeconfig')) ?? '');
    const { contexts } = parse((kubeconfig['data'] as { config: string }).config) as { contexts: { name: string }[] };
    expect(contexts.map(({ name }) => name)).to.deep.equal([given.text('cluster-name')]);
  });
});

interface PodSpec {
  readonly serviceAccountName: string;
  readonly containers: readonly [
    { readonly args: readonly string[]; readonly volumeMounts: readonly { name: string; mountPath: string }[] },
  ];
  readonly volumes: readonly { readonly name: string; readonly configMap: { readonly name: string } }[];
}

const podOf = ({ spec }: Manifest): PodSpec =>
  (spec as { jobTemplate: { spec: { template: { spec: PodSpec } } } }).jobTemplate.spec.template.spec;
