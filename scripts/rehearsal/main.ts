import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { RunResults } from '../../harness/report/results.ts';
import { makeBoundary } from '../policy/boundary.ts';
import { accountOf, inPlaces } from '../policy/generalize.ts';
import { outsidePolicy } from '../policy/outside.ts';
import { rehearsalCloud } from './cloud.ts';
import { fastPolls } from './polling.ts';
import { timing } from './timing.ts';

// The command says so itself where it matters.
process.removeAllListeners('warning');

const USAGE = `Usage: npm run rehearse -- [options] [-- flags of npm run conformance]

Rehearses a run on Amazon EKS: starts an emulated AWS that takes its time as AWS does and throttles as AWS does, and runs
the command against it, as a job with a role of its own would. Then looks, as the administrator, at what the run left and
how it asked.

  --pace N        how many times faster than AWS the delays pass (default 20)
  --propagation-pace N
                  the same for changes of IAM and associations, lists and names that are still taken (default: as --pace)
  --timing WHICH  aws (default) or instant
  --policy FILE   identity policy of the job's role, as in docs/iam (default: everything is allowed)
  --other-policy FILE
                  the same of the role of the second account
  --boundary FILE permissions boundary of the roles that the run makes, as in docs/iam (default: none)
  --help          print this

Exit codes: that of the run; 3 also when something was left in AWS, AWS was polled faster than once a second, or asked for
what the policy does not allow, or when a whole run met no throttling; 2 wrong usage.
`;

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: {
      pace: { type: 'string', default: '20' },
      'propagation-pace': { type: 'string' },
      timing: { type: 'string', default: 'aws' },
      policy: { type: 'string' },
      'other-policy': { type: 'string' },
      boundary: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const pace = Number(values.pace);
  const propagationPace = Number(values['propagation-pace'] ?? pace);
  if (!(pace >= 1) || !(propagationPace >= 1) || !['aws', 'instant'].includes(values.timing))
    throw new Error('--pace and --propagation-pace must be numbers of at least 1, and --timing aws or instant.');
  const [policy, otherPolicy, boundary] = [values.policy, values['other-policy'], values.boundary].map(
    (file) => file && readFileSync(file, 'utf8'),
  );
  const settings = values.timing === 'aws' ? timing(pace, propagationPace) : undefined;
  const cloud = await rehearsalCloud({ ...(settings && { settings }) });
  try {
    const { emulator, otherAccountRole } = cloud;
    const places = { account: emulator.accountId, region: emulator.region, otherAccountRole };
    if (policy !== undefined) await cloud.setPolicy(inPlaces(policy, places));
    if (otherPolicy !== undefined)
      await cloud.setPolicy(inPlaces(otherPolicy, { ...places, account: accountOf(otherAccountRole) }), 'other');
    const boundaryArn = boundary === undefined ? undefined : await makeBoundary(cloud, inPlaces(boundary, places));
    // As if they had been there for long.
    await sleep((settings?.delays?.iam ?? 0) / (settings?.pace ?? 1));
    const before = await cloud.inventory();
    const given = reportFolder(positionals);
    const reports = given ?? newReportFolder();
    const code = await run(
      [
        '--cluster',
        'eks',
        '--aws-endpoint',
        emulator.endpoint,
        '--other-account-role',
        otherAccountRole,
        ...(boundaryArn === undefined ? [] : ['--permissions-boundary', boundaryArn]),
        ...(given === undefined ? ['--report-dir', reports] : []),
        ...positionals,
      ],
      cloud.environment,
    );
    // Lists are behind by as much as AWS' are.
    const left = await settledInventory(async () => (await cloud.inventory()).filter((one) => !before.includes(one)));
    const caller = `arn:aws:sts::${cloud.emulator.accountId}:assumed-role/${cloud.jobRoleName}/job`;
    const fast = fastPolls(cloud.calls(), caller);
    const outside = [cloud, cloud.other].flatMap((job) => outsidePolicy(cloud.calls(), job));
    const throttled = cloud.calls().filter(({ errorCode }) => errorCode?.startsWith('Throttling')).length;
    // A run of few scenarios may be slow enough.
    const untested =
      throttled === 0 &&
      settings !== undefined &&
      !positionals.some((flag) => /^--(suite|scenario|grep|grep-invert)(=|$)/.test(flag));
    if (untested) process.stdout.write('No call was throttled: the rates of the emulator are of no use.\n');
    for (const title of left) process.stdout.write(`Left in AWS: ${title}\n`);
    for (const { operation, resource, milliseconds } of fast)
      process.stdout.write(`Polled too fast: ${operation} of ${resource}, every ${Math.round(milliseconds)} ms\n`);
    for (const what of new Set(outside)) process.stdout.write(`Outside the policy: ${what}\n`);
    const file = join(reports, 'results.json');
    // A run that was refused has said why, and writes none.
    if (!existsSync(file)) return code === 0 ? 3 : code;
    const { passed, failed, skipped, error, inconclusive } = (JSON.parse(readFileSync(file, 'utf8')) as RunResults)
      .summary;
    process.stdout.write(
      `Rehearsal: ${left.length} resources left, ${fast.length} polls too fast, ${cloud.calls().filter((call) => call.caller === caller).length} calls by the job of which ${outside.length} outside its policy, ${throttled} throttled; ${passed} passed, ${failed + error + inconclusive} failed, ${skipped} skipped for a capability\n`,
    );
    return code !== 0 ? code : left.length > 0 || fast.length > 0 || outside.length > 0 || untested ? 3 : 0;
  } finally {
    await cloud.close();
  }
}

/** That of `--report-dir` among the run's own flags. */
function reportFolder(flags: readonly string[]): string | undefined {
  const at = flags.findLastIndex((flag) => flag === '--report-dir' || flag.startsWith('--report-dir='));
  const flag = flags[at];
  return flag === '--report-dir' ? flags[at + 1] : flag?.slice('--report-dir='.length);
}

/** A folder that stays, as the run prints where its reports are. */
function newReportFolder(): string {
  mkdirSync('reports', { recursive: true });
  return mkdtempSync(join('reports', 'rehearsal-'));
}

async function settledInventory(inventory: () => Promise<readonly string[]>): Promise<readonly string[]> {
  let left = await inventory();
  for (let round = 0; round < 10 && left.length > 0; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    left = await inventory();
  }
  return left;
}

function run(args: readonly string[], environment: Readonly<Record<string, string>>): Promise<number> {
  const child = spawn(process.execPath, [join(root, 'bin', 'conformance.js'), ...args], {
    env: { ...process.env, ...environment },
    stdio: 'inherit',
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => child.on('close', (code) => resolve(code ?? 3)));
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`rehearse: ${(error as Error).message.split('\n')[0]}\n`);
  process.exitCode = 2;
}
