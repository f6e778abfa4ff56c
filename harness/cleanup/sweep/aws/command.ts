import { accountsOf, type AwsTarget } from '../../../aws-target/target.ts';
import { problem } from '../../../../aws/preflight.ts';
import { realAws, type RealAwsOptions } from '../../../aws-target/real.ts';
import { EXIT, HarnessError } from '../../../../foundation/node/errors.ts';
import { find, type AwsEntry, type Leftovers } from '../find.ts';
import { forget } from '../state-files.ts';
import { sweepAws, type AwsSweepIo } from './sweep.ts';
import { inClusters } from './in-clusters.ts';

export interface EksSweepOptions extends Pick<
  RealAwsOptions,
  'region' | 'endpoints' | 'allowedAccounts' | 'otherAccountRole'
> {
  readonly list: boolean;
  readonly run: string | undefined;
  readonly reportFolders: readonly string[];
  /** Existing clusters to search for Kubernetes objects. Empty: all clusters. */
  readonly clusterNames: readonly string[];
}

interface EksSweepIo extends Pick<AwsSweepIo, 'out' | 'err' | 'now'> {
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Removes leftovers in AWS with the default credentials. Returns the exit code. Throws `HarnessError`. */
export async function sweepEks(options: EksSweepOptions, io: EksSweepIo): Promise<number> {
  const { run, list } = options;
  const folders = options.reportFolders.length > 0 ? options.reportFolders : run === undefined ? [] : ['reports'];
  const stateFiles = find({ reportFolders: folders, temporaryFolders: [], docker: undefined });
  const problems = [...stateFiles.unreadable];
  const noted = stateFiles.leftovers.filter((one) => one.accounts.length > 0 && (run === undefined || one.run === run));
  if (run === undefined && folders.length > 0 && noted.length === 0) {
    for (const sentence of problems) io.err(`${sentence}\n`);
    if (problems.length === 0)
      io.out(`No state file in ${folders.join(' or ')} names an AWS account, so its run has no leftovers in AWS.\n`);
    return problems.length === 0 ? EXIT.conforms : EXIT.environment;
  }
  const alive = noted.filter(({ liveness }) => liveness === 'alive');
  for (const one of alive) problems.push(`Run ${one.run} is alive (${one.owner}) and was skipped: end it first.`);
  const states = noted.filter((one) => !alive.includes(one));
  const runs = [...(run === undefined ? [] : [run]), ...states.map((one) => one.run)].filter(
    (id, index, all) => all.indexOf(id) === index && !alive.some((one) => one.run === id),
  );
  let code: number = EXIT.conforms;
  // Without any run, the sweep would include all expired runs.
  if (alive.length === 0 || runs.length > 0) {
    const aws = await awsOf(options, states, io);
    try {
      const swept = await sweepWith(aws, { ...options, runs, states }, io);
      code = swept.code;
      problems.push(...swept.problems);
    } catch (error) {
      throw error instanceof HarnessError ? error : problem(error);
    } finally {
      await aws.close();
    }
  }
  for (const sentence of problems) io.err(`${sentence}\n`);
  // A list fails only if it is incomplete.
  const failed = list ? stateFiles.unreadable.length > 0 || code !== EXIT.conforms : problems.length > 0;
  return failed ? EXIT.environment : EXIT.conforms;
}

interface Sweep extends EksSweepOptions {
  readonly runs: readonly string[];
  readonly states: readonly Leftovers[];
}

/** Returns the failures, a sentence each, and the exit code of the sweep itself. */
async function sweepWith(
  aws: AwsTarget,
  sweep: Sweep,
  io: EksSweepIo,
): Promise<{ readonly code: number; readonly problems: readonly string[] }> {
  const { runs, states, clusterNames, list } = sweep;
  const kubernetes = inClusters((name) => aws.clusterToken(name), clusterNames);
  try {
    const code = await sweepAws(aws, { list, runs }, { ...io, kubernetes });
    // `sweepAws` has reported the resources.
    const incomplete = list
      ? 'Some resources could not be read: see above.'
      : 'Some resources were not removed: see above.';
    const problems = code === EXIT.conforms ? [] : [incomplete];
    for (const name of clusterNames)
      if (kubernetes.passedOver.has(name)) problems.push(`Cluster ${name} could not be searched: see above.`);
      else if (!kubernetes.visitedClusters.has(name))
        problems.push(`Region ${aws.region} has no ACTIVE cluster ${name}: check --cluster-name and --region.`);
    const reached = accountsOf(aws).map((account) => aws.accountId(account));
    for (const { run, accounts } of states)
      for (const { accountId } of accounts.filter((account) => !reached.includes(account.accountId)))
        problems.push(
          `Account ${accountId} in the state file of run ${run} was not swept: use its credentials, or give a role in it with --other-account-role.`,
        );
    if (problems.length === 0 && !list)
      for (const { stateFiles } of states) for (const file of stateFiles) forget(file, (entry) => entry.kind === 'aws');
    return { code, problems };
  } finally {
    kubernetes.close();
  }
}

/** Connects to the AWS of the state files. The command line must agree with them. */
async function awsOf(options: EksSweepOptions, states: readonly Leftovers[], io: EksSweepIo): Promise<AwsTarget> {
  const { endpoints, allowedAccounts, otherAccountRole } = options;
  const accounts = states.flatMap(({ run, accounts: all }) => all.map((account) => ({ run, ...account })));
  const region = options.region ?? accounts[0]?.region;
  for (const account of accounts) {
    if (account.region !== region)
      throw usage(
        `Run ${account.run} created resources in region ${account.region}, but this sweep is for ${region}: name one region with --region, and one run with --run.`,
      );
    if (!isSame(account.endpoints, endpoints))
      throw usage(
        Object.keys(account.endpoints).length === 0
          ? `Run ${account.run} created resources in AWS itself: leave --aws-endpoint out.`
          : `Run ${account.run} created resources at other endpoints: add ${endpointFlags(account)}.`,
      );
  }
  return realAws({
    run: 'sweep',
    tags: () => ({}),
    region,
    endpoints,
    allowedAccounts,
    otherAccountRole,
    permissionsBoundary: undefined,
    environment: io.environment,
  });
}

export function endpointFlags({ endpoints }: AwsEntry): string {
  const urls = [...new Set(Object.values(endpoints))];
  const [first] = urls;
  // One URL replaces all five services, so that none is called at AWS.
  if (urls.length === 1 && first !== undefined && Object.keys(endpoints).length === 5) return `--aws-endpoint ${first}`;
  return Object.entries(endpoints)
    .map(([service, url]) => `--aws-endpoint ${service}=${url}`)
    .join(' ');
}

function isSame(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string | undefined>>): boolean {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => one[name] === other[name]);
}

const usage = (message: string): HarnessError => new HarnessError('BAD_AWS', message);
