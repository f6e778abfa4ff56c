import { hostedAmong } from '../../clusters/cluster-type.ts';
import { CLUSTER_TYPES } from '../../clusters/registry.ts';
import { commandLine } from '../../foundation/node/command-line.ts';
import { badFlagValue } from '../../foundation/node/errors.ts';
import { option, type OptionSpec } from '../../foundation/node/options.ts';
import type { GivenOptions } from '../../harness/config/read-options.ts';
import type { SweepIo } from '../../harness/cleanup/sweep/sweep.ts';
import type { Command } from './command.ts';

const IN_ACCOUNTS = CLUSTER_TYPES.filter(({ aws }) => aws === 'account').map(({ name }) => name);

/** Options about AWS. Environment variables are those of runs. */
const OF_AWS: readonly OptionSpec[] = [
  option.choice('cluster', IN_ACCOUNTS, 'sweep the account of the AWS credentials, in place of this machine'),
  option.text('region REGION', 'eks: region (default: that of the state file, AWS_REGION or the profile)'),
  option.list('allow-account ID', 'eks: account that may be swept; needed for AWS itself (repeat, or a comma list)'),
  option.text('other-account-role ARN', 'eks: role of a second account, to sweep that too'),
  option.list(
    'cluster-name NAME',
    'eks: of the clusters that existed before, look into this one alone (repeat, or a comma list)',
  ),
  option.list('aws-endpoint URL', 'eks: where AWS is instead, as for a run (repeat, or a comma list)'),
];

export const sweepCommand = (standIns: Partial<SweepIo> = {}): Command => ({
  name: 'sweep',
  summary: 'removes what killed runs left',
  about: `Removes what killed runs left: kind clusters, networks, volumes and images in Docker, temporary files, kubeconfigs. Finds it
by the state files of report folders and by the runs' label. Runs that are alive are left alone.

With --cluster eks: removes what runs left in AWS, once it has expired. Finds it by its tags. With --run, only what that run
left, expired or not; with --report-dir, only what the runs left that state files there name, expired or not, and these state
files go when all is gone.`,
  options: [
    option.flag('list', 'list what is left and stop'),
    option.text(
      'run ID',
      'only this run; also one of another machine or container, of which nobody here can tell whether it is over',
      {
        form: {
          pattern: /^c[0-9a-f]{6}$/,
          expected: `give the id of a run, such as c1a2b3d (${commandLine('sweep', '--list')})`,
        },
      },
    ),
    option.list(
      'report-dir DIR',
      'look into this report folder, or into those in it, instead of reports/ (repeat, or a comma list)',
    ),
    ...OF_AWS.map((option) => ({ ...option, commandLineOnly: option.name === 'cluster' })),
  ],
  remarks: `Exit codes: 0 nothing is left that is to go; 2 wrong usage or credentials; 3 something could not be removed or looked at, or
a state file could not be used.`,
  async run(given, { stdout, stderr, environment }) {
    checkSweep(given);
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

/** Rejects flags without effect. Throws `HarnessError` BAD_FLAG_VALUE. */
function checkSweep({ text, values }: GivenOptions): void {
  if (text('cluster') !== undefined) return;
  const option = OF_AWS.find(({ name }) => values.get(name)?.origin === 'flag');
  if (option !== undefined)
    throw badFlagValue(`--${option.name} is about AWS: add --cluster ${IN_ACCOUNTS[0]}, or leave it out.`);
}
