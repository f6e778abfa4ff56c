import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { autoModePolicy, boundaryPolicy, jobPolicy, otherAccountPolicy } from './generate.ts';
import { rehearseNights } from './rehearsals.ts';

const USAGE = `Usage: npm run policy -- [--check]

Rehearses on an emulated AWS what nightly runs on Amazon EKS do, and writes the policies that they need, from the calls that
AWS was asked: docs/iam/nightly-policy.json, docs/iam/other-account-policy.json, docs/iam/permissions-boundary.json, and
docs/iam/auto-mode-policy.json, which clusters in Auto Mode need besides.

  --check   write nothing, and compare with what is there
  --help    print this

Exit codes: 0 written, or what is there is what is generated; 1 it is not; 2 wrong usage; 3 a rehearsal failed.
`;

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const POLICY_FILE = join(root, 'docs', 'iam', 'nightly-policy.json');
const AUTO_MODE_FILE = join(root, 'docs', 'iam', 'auto-mode-policy.json');
export const OTHER_ACCOUNT_FILE = join(root, 'docs', 'iam', 'other-account-policy.json');
export const BOUNDARY_FILE = join(root, 'docs', 'iam', 'permissions-boundary.json');

async function main(check: boolean): Promise<number> {
  const recorded = await rehearseNights((line) => process.stderr.write(`${line}\n`));
  let code = 0;
  for (const [file, policy] of [
    [POLICY_FILE, jobPolicy(recorded)],
    [AUTO_MODE_FILE, autoModePolicy()],
    [OTHER_ACCOUNT_FILE, otherAccountPolicy(recorded)],
    [BOUNDARY_FILE, boundaryPolicy(recorded)],
  ] as const) {
    const text = await format(policy, { ...(await resolveConfig(file)), filepath: file });
    const name = relative(root, file);
    const present = existsSync(file) ? readFileSync(file, 'utf8') : '';
    if (present === text) process.stdout.write(`${name} is what is generated.\n`);
    else if (check) {
      process.stdout.write(`${name} is not what is generated: run \`npm run policy\` and review it.\n`);
      process.stdout.write(difference(present, text));
      code = 1;
    } else {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
      process.stdout.write(`${name} is written.\n`);
    }
  }
  return code;
}

/** Lines that one text has and the other has not, in their order. */
function difference(present: string, generated: string): string {
  const [before, after] = [present.split('\n'), generated.split('\n')];
  return [
    ...before.filter((line) => !after.includes(line)).map((line) => `- ${line}\n`),
    ...after.filter((line) => !before.includes(line)).map((line) => `+ ${line}\n`),
  ].join('');
}

try {
  const { values } = parseArgs({
    options: { check: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  });
  if (values.help) process.stdout.write(USAGE);
  else
    process.exitCode = await main(values.check).catch((error: unknown) => {
      process.stderr.write(`policy: ${(error as Error).message}\n`);
      return 3;
    });
} catch (error) {
  process.stderr.write(`policy: ${(error as Error).message}\n`);
  process.exitCode = 2;
}
