import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { poll } from '../../foundation/node/poll.ts';
import { readText } from '../../foundation/node/read-file.ts';
import type { GivenOptions } from '../../harness/config/read-options.ts';
import type { RunResults } from '../../harness/results/results.ts';
import { makeBoundary } from '../policy/boundary.ts';
import { accountOf, inPlaces } from '../cloud/generalize.ts';
import { outsidePolicy } from '../cloud/outside.ts';
import { rehearsalCloud, type RehearsalCloud } from '../cloud/cloud.ts';
import { fastPolls } from './polling.ts';
import { timing } from './timing.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Runs the command against emulated AWS, reports leftovers and violated rules, and returns the exit code. */
export async function rehearse({ text, number, values, words: positionals }: GivenOptions): Promise<number> {
  // The command prints its own warnings.
  process.removeAllListeners('warning');
  const pace = number('pace');
  const propagationPace = (values.get('propagation-pace')?.value as number | undefined) ?? pace;
  const [policy, otherPolicy, boundary] = ['policy', 'other-policy', 'boundary'].map((name) => {
    const file = text(name);
    return file === undefined ? undefined : readText(file, `File of --${name}`);
  });
  const settings = text('timing') === 'aws' ? timing(pace, propagationPace) : undefined;
  const cloud = await rehearsalCloud({ ...(settings && { settings }) });
  try {
    const { emulator, otherAccountRole } = cloud;
    const places = { account: emulator.accountId, region: emulator.region, otherAccountRole };
    if (policy !== undefined) await cloud.setPolicy(inPlaces(policy, places));
    if (otherPolicy !== undefined)
      await cloud.setPolicy(inPlaces(otherPolicy, { ...places, account: accountOf(otherAccountRole) }), 'other');
    const boundaryArn = boundary === undefined ? undefined : await makeBoundary(cloud, inPlaces(boundary, places));
    // Waits for propagation, as if the policies had existed for long.
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
        ...(positionals.some((flag) => SCOPE.test(flag)) ? [] : ['--scope', 'all']),
        ...positionals,
      ],
      cloud.environment,
    );
    const isThrottling = settings !== undefined && !positionals.some((flag) => SELECTION.test(flag));
    return await report(cloud, { code, before, reports, isThrottling });
  } finally {
    await cloud.close();
  }
}

const SCOPE = /^--scope(=|$)/;

/** Flags that may select so few scenarios that no call is throttled. */
const SELECTION = /^--(scope|suite|scenario|grep|grep-invert)(=|$)/;

interface Ended {
  readonly code: number;
  readonly before: readonly string[];
  readonly reports: string;
  readonly isThrottling: boolean;
}

/** Reports leftovers and violated rules, and returns the exit code. */
async function report(cloud: RehearsalCloud, { code, before, reports, isThrottling }: Ended): Promise<number> {
  // Lists are eventually consistent, as on AWS.
  const left = await settledInventory(async () => (await cloud.inventory()).filter((one) => !before.includes(one)));
  const caller = `arn:aws:sts::${cloud.emulator.accountId}:assumed-role/${cloud.jobRoleName}/job`;
  const fast = fastPolls(cloud.calls(), caller);
  const outside = [cloud, cloud.other].flatMap((job) => outsidePolicy(cloud.calls(), job));
  const throttled = cloud.calls().filter(({ errorCode }) => errorCode?.startsWith('Throttling')).length;
  const untested = isThrottling && throttled === 0;
  if (untested)
    process.stdout.write('No call was throttled. The rate limits of the emulator are too high to test anything.\n');
  for (const title of left) process.stdout.write(`Leftover in AWS: ${title}\n`);
  for (const { operation, resource, milliseconds } of fast)
    process.stdout.write(`Polled too fast: ${operation} on ${resource}, every ${Math.round(milliseconds)} ms\n`);
  for (const what of new Set(outside)) process.stdout.write(`Denied by the policy: ${what}\n`);
  const file = join(reports, 'results.json');
  // A run that was rejected has no report.
  if (!existsSync(file)) return code === 0 ? 3 : code;
  const { passed, failed, skipped, error, inconclusive } = (JSON.parse(readFileSync(file, 'utf8')) as RunResults)
    .summary;
  process.stdout.write(
    `Rehearsal: ${left.length} leftover resources, ${fast.length} fast polls, ${cloud.calls().filter((call) => call.caller === caller).length} calls by the job (${outside.length} denied by its policy), ${throttled} throttled; ${passed} passed, ${failed + error + inconclusive} failed, ${skipped} skipped\n`,
  );
  return code !== 0 ? code : left.length > 0 || fast.length > 0 || outside.length > 0 || untested ? 3 : 0;
}

function reportFolder(flags: readonly string[]): string | undefined {
  const at = flags.findLastIndex((flag) => flag === '--report-dir' || flag.startsWith('--report-dir='));
  const flag = flags[at];
  return flag === '--report-dir' ? flags[at + 1] : flag?.slice('--report-dir='.length);
}

/** Creates a report folder. It is kept, since the run prints its path. */
function newReportFolder(): string {
  mkdirSync('reports', { recursive: true });
  return mkdtempSync(join('reports', 'rehearsal-'));
}

async function settledInventory(inventory: () => Promise<readonly string[]>): Promise<readonly string[]> {
  let left: readonly string[] = [];
  const look = async (): Promise<readonly string[] | undefined> => {
    left = await inventory();
    return left.length === 0 ? left : undefined;
  };
  return poll(look, { every: 1000, within: 11_000, late: () => left });
}

function run(args: readonly string[], environment: Readonly<Record<string, string>>): Promise<number> {
  const child = spawn(process.execPath, [join(root, 'bin', 'conformance.js'), ...args], {
    env: { ...process.env, ...environment },
    // The channel makes the run end with this process.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => child.on('close', (code) => resolve(code ?? 3)));
}
