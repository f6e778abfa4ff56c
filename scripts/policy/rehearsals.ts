import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DescribeAddonVersionsCommand } from '@aws-sdk/client-eks';
import { execa } from 'execa';
import { EVERYTHING, rehearsalCloud, type RehearsalCloud } from '../cloud/cloud.ts';
import { leaveBoundary, makeBoundary } from './boundary.ts';
import type { Recorded } from './generate.ts';
import { auditOfRunner, prepareRunner } from './kubernetes.ts';
import { rulesFor, type Rules } from './rbac.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** A scenario that fails, so that diagnostics run, and one whose run is killed. Both have resources in two accounts. */
const SUITE = `import { allow, denied, getObject, granted, podIdentityRole, suite, trustRole, trustWebIdentity } from 'eks-pod-identity-conformance';
suite('mine', ({ scenario }) => {
  for (const id of ['MY-01', 'MY-02']) scenario(id, 'is denied what its role may do', {
    roles: {
      app: podIdentityRole(allow('s3:GetObject', 'data/*')),
      far: {
        account: 'other',
        trust: [trustRole('app'), trustWebIdentity({ account: 'other', subject: 'app/app' })],
        permissions: [allow('s3:GetObject', 'far/*')],
      },
    },
    workloads: { app: { role: 'app' } },
    buckets: { data: {}, far: { account: 'other' } },
    objects: ['data/key', 'data/other', 'far/key'],
    probes: [
      granted('app', getObject('data/key')),
      denied('app', getObject('data/other'), { by: 's3', code: 'AccessDenied', policy: 'identity' }),
    ],
  });
});
`;

/** Runs against emulated AWS with all rights. */
interface Rehearsal {
  readonly cloud: RehearsalCloud;
  readonly folder: string;
  /** Folder with `MY-01`, which fails, and `MY-02`, whose run is killed. */
  readonly suites: string;
  readonly aws: readonly string[];
  readonly night: (name: string, ...args: string[]) => Command;
  /** Runs a command. Throws if the exit code or output is unexpected. */
  readonly run: (command: Command, expected: number | null, says?: RegExp) => Promise<void>;
}

async function rehearsing<T>(
  progress: (line: string) => void,
  options: Parameters<typeof rehearsalCloud>[0],
  body: (rehearsal: Rehearsal) => Promise<T>,
): Promise<T> {
  const cloud = await rehearsalCloud(options);
  const folder = mkdtempSync(join(tmpdir(), 'policy-'));
  try {
    const { emulator, otherAccountRole } = cloud;
    const boundary = await makeBoundary(cloud, EVERYTHING);
    const suites = join(folder, 'suites');
    mkdirSync(suites);
    writeFileSync(join(suites, 'mine.ts'), SUITE);
    const aws = ['--cluster', 'eks', '--aws-endpoint', emulator.endpoint, '--other-account-role', otherAccountRole];
    return await body({
      cloud,
      folder,
      suites,
      aws,
      night: (name, ...args) => ({
        name,
        args: [
          ...['run', ...aws, '--scope', 'all', '--permissions-boundary', boundary, '--report-dir', join(folder, name)],
          // Generous, because parallel scenarios delay each other.
          ...['--timeout', '300', ...args],
        ],
      }),
      run: async (command, expected, says = /./) => {
        const environment = { ...cloud.environment, ...command.environment };
        const { code, output } = await start({ environment }, command);
        if (code !== expected || !says.test(output)) {
          progress(output);
          throw new Error(`The rehearsal "${command.name}" exited with ${code}. See its output above.`);
        }
        progress(`Rehearsed ${command.name}`);
      },
    });
  } finally {
    await cloud.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Rehearses nightly runs with all rights and returns the calls to AWS. Covers all suites, Auto Mode, a chosen add-on version, a
 * failure, a killed run and sweeps. Throws if an exit code or output is unexpected.
 */
export const rehearseNights = (progress: (line: string) => void): Promise<Recorded> =>
  rehearsing(progress, undefined, async ({ cloud, folder, suites, aws, night, run }) => {
    const { emulator, otherAccountRole } = cloud;
    const { addons = [] } = await cloud.aws
      .clients('main')
      .eks.send(new DescribeAddonVersionsCommand({ addonName: 'eks-pod-identity-agent' }));
    const version = addons[0]?.addonVersions?.[0]?.addonVersion ?? '';
    const killed = night('killed', '--suites-dir', suites, '--scenario', 'MY-02');
    await Promise.all([
      run(night('all', '--admin-principal-arn', otherAccountRole), 0),
      run(night('auto-mode', '--compute', 'auto-mode', '--scenario', 'PI-01'), 0),
      run(night('add-on', '--addon-version', version, '--scenario', 'PI-01'), 0),
      run(night('failing', '--suites-dir', suites, '--scenario', 'MY-01'), 1),
      // Killed when it has resources of each kind.
      run({ ...killed, killWhen: () => hasAssociation(cloud, 'my-02') }, null),
    ]);
    const sweep = (name: string, ...args: string[]): Command => ({
      name,
      args: ['sweep', ...aws, ...args],
    });
    await run(sweep('sweep of a report folder', '--report-dir', join(folder, 'killed')), 0, /removed cluster/);
    await leaveBoundary(cloud);
    await run(sweep('sweep'), 0, /removed policy/);
    const { accountId: account, region } = emulator;
    const { jobPolicyName, other } = cloud;
    const policies = { jobPolicyName, otherPolicyName: other.jobPolicyName };
    return { calls: cloud.calls(), ...policies, account, region, otherAccountRole };
  });

/**
 * Rehearses all suites and a failure as a runner in a cluster, and returns the required Kubernetes rights. Its AWS is separate
 * from that of `rehearseNights`. Throws if an exit code or output is unexpected.
 */
export async function rehearseRunner(progress: (line: string) => void): Promise<Rules> {
  const { audit, requests } = auditOfRunner();
  return rehearsing(progress, { clusters: { audit } }, async ({ cloud, folder, suites, night, run }) => {
    const runner = await prepareRunner(cloud, join(folder, 'service-account'));
    const inside = (name: string, ...args: string[]): Command => ({
      ...night(name, ...runner.flags, ...args),
      environment: runner.environment,
    });
    try {
      await runner.bind(undefined);
      // Without the scenario about speed.
      await run(inside('in-cluster', '--grep-invert', '^AP-25'), 0);
      await run(inside('in-cluster-failing', '--suites-dir', suites, '--scenario', 'MY-01'), 1);
      const rules = rulesFor(requests);
      await runner.bind(rules);
      const bound = 'service-accounts,pods,volumes,authorization,pod-identity,lifecycle';
      await run(inside('in-cluster-under-its-rules', '--suite', bound), 0);
      return rules;
    } finally {
      runner.close();
    }
  });
}

interface Command {
  readonly name: string;
  readonly args: readonly string[];
  readonly killWhen?: () => boolean;
  readonly environment?: Readonly<Record<string, string>>;
}

const hasAssociation = (cloud: RehearsalCloud, scenario: string): boolean =>
  cloud
    .calls()
    .some(
      ({ operation, status, authorizations }) =>
        operation === 'CreatePodIdentityAssociation' &&
        status === 200 &&
        authorizations.some(({ resource }) => resource.includes(`-${scenario}-`)),
    );

async function start(
  cloud: Pick<RehearsalCloud, 'environment'>,
  { args, killWhen }: Command,
): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = execa(process.execPath, [join(root, 'bin', 'conformance.js'), ...args], {
    env: cloud.environment,
    stdin: 'ignore',
    all: true,
    reject: false,
  });
  const watch = setInterval(() => killWhen?.() === true && child.kill('SIGKILL'), 200);
  const { exitCode = null, all } = await child;
  clearInterval(watch);
  return { code: exitCode, output: all };
}
