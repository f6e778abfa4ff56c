import { hostedAmong } from '../../clusters/interface/cluster-type.ts';
import { CLUSTER_TYPES } from '../../clusters/registry.ts';
import { commandLine } from '../../foundation/node/command-line.ts';
import { option, withFields } from '../../foundation/node/options.ts';
import type { SweepIo } from '../../harness/cleanup/sweep/sweep.ts';
import type { Command } from './command.ts';

const IN_ACCOUNTS = CLUSTER_TYPES.filter(({ aws }) => aws === 'account').map(({ name }) => name);

/** AWS options. They read the same environment variables as a run. */
const AWS_OPTIONS = withFields(
  { commandLineOnly: false, conflicts: [{ without: IN_ACCOUNTS.map((name) => `cluster=${name}`) }] },
  [
    option.text('region REGION', 'eks: use this region (default: from the state file, AWS_REGION or the profile)'),
    option.list(
      'allow-account ID',
      'eks: allow this account to be swept; required on AWS (repeatable, or comma-separated)',
    ),
    option.text('other-account-role ARN', 'eks: sweep the second account of this role too'),
    option.list('cluster-name NAME', 'eks: search only this existing cluster (repeatable, or comma-separated)'),
    option.list(
      'aws-endpoint URL',
      'eks: send calls to this URL instead of AWS, as in a run (repeatable, or comma-separated)',
    ),
  ],
);

export const sweepCommand = (standIns: Partial<SweepIo> = {}): Command => ({
  name: 'sweep',
  summary: 'remove leftovers of killed runs',
  about: `Remove leftovers of killed runs: kind clusters, networks, volumes and images in Docker, temporary files and kubeconfigs.
Find them by the state files in report folders and by the label of runs. Skip runs that are alive.

With --cluster eks: remove expired leftovers of runs in AWS, found by their tags. --run selects one run instead, and
--report-dir the runs whose state files are there; their leftovers need not be expired. A state file is deleted once its
run has no leftovers.`,
  options: [
    option.flag('list', 'list leftovers and exit'),
    option.text('run ID', 'sweep only this run, even if it ran on another machine or in a container and may be alive', {
      form: {
        pattern: /^c[0-9a-f]{6}$/,
        expected: `give the id of a run, such as c1a2b3d (${commandLine('sweep', '--list')})`,
      },
    }),
    option.list(
      'report-dir DIR',
      'search this report folder, or those in it, instead of reports/ (repeatable, or comma-separated)',
    ),
    option.choice('cluster', IN_ACCOUNTS, 'sweep the account of the AWS credentials instead of this machine'),
    ...AWS_OPTIONS,
  ],
  remarks: `Exit codes: 0 no leftovers; 2 wrong usage or credentials; 3 something could not be removed or read, or a state file is
unusable.`,
  async run(given, { stdout, stderr, environment }) {
    const io = {
      out: (text: string) => void stdout.write(text),
      err: (text: string) => void stderr.write(text),
      now: () => new Date(),
      environment,
      ...standIns,
    };
    const [list, run, reportFolders] = [given.flag('list'), given.text('run'), given.list('report-dir')];
    if (given.text('cluster') !== undefined) {
      const [{ sweepEks }, { parseEndpoints }] = await Promise.all([
        import('../../harness/cleanup/sweep/aws/command.ts'),
        import('../../aws/endpoints.ts'),
      ]);
      const aws = {
        region: given.text('region'),
        endpoints: parseEndpoints(given.list('aws-endpoint'), 'account'),
        allowedAccounts: given.list('allow-account'),
        otherAccountRole: given.text('other-account-role'),
        clusterNames: given.list('cluster-name'),
      };
      return sweepEks({ list, run, reportFolders, ...aws }, io);
    }
    const [{ sweep }, { docker }] = await Promise.all([
      import('../../harness/cleanup/sweep/sweep.ts'),
      import('../../harness/cleanup/sweep/docker.ts'),
    ]);
    const detach: SweepIo['detach'] = async (attachment, id) => {
      for (const type of hostedAmong(CLUSTER_TYPES)) await type.detach?.(attachment, id);
    };
    const folders = reportFolders.length > 0 ? reportFolders : ['reports'];
    return sweep({ list, run, reportFolders: folders }, { docker, detach, ...io });
  },
});
