import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import type { Io } from '../../foundation/node/io.ts';
import { commandLine } from '../../foundation/node/command-line.ts';
import { autoModePolicy, boundaryPolicy, jobPolicy, otherAccountPolicy } from './generate.ts';
import { rolesText } from './rbac.ts';
import { rehearseNights, rehearseRunner } from './rehearsals.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const POLICY_FILE = join(root, 'docs', 'iam', 'nightly-policy.json');
const AUTO_MODE_FILE = join(root, 'docs', 'iam', 'auto-mode-policy.json');
const OTHER_ACCOUNT_FILE = join(root, 'docs', 'iam', 'other-account-policy.json');
const BOUNDARY_FILE = join(root, 'docs', 'iam', 'permissions-boundary.json');
/** The runner's rules, once for installation and once for reviewers. */
const RULES_FILE = join(root, 'harness', 'in-cluster', 'rbac.json');
const ROLES_FILE = join(root, 'docs', 'rbac', 'runner.yaml');

/** Writes the nightly policies, or only compares them with `check`. Returns the exit code. */
export async function writePolicies(
  check: boolean,
  { stdout, stderr }: Pick<Io, 'stdout' | 'stderr'>,
): Promise<number> {
  const progress = (line: string): void => void stderr.write(`${line}\n`);
  const recorded = await rehearseNights(progress);
  const rules = await rehearseRunner(progress);
  let code = 0;
  for (const [file, policy] of [
    [POLICY_FILE, jobPolicy(recorded)],
    [AUTO_MODE_FILE, autoModePolicy()],
    [OTHER_ACCOUNT_FILE, otherAccountPolicy(recorded)],
    [BOUNDARY_FILE, boundaryPolicy(recorded)],
    [RULES_FILE, JSON.stringify(rules)],
    [ROLES_FILE, rolesText(rules)],
  ] as const) {
    const text = await format(policy, { ...(await resolveConfig(file)), filepath: file });
    const name = relative(root, file);
    const present = existsSync(file) ? readFileSync(file, 'utf8') : '';
    if (present === text) stdout.write(`${name} is up to date.\n`);
    else if (check) {
      stdout.write(`${name} is out of date. Run \`${commandLine('policy')}\` and review the changes.\n`);
      stdout.write(difference(present, text));
      code = 1;
    } else {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
      stdout.write(`Wrote ${name}.\n`);
    }
  }
  return code;
}

function difference(present: string, generated: string): string {
  const [before, after] = [present.split('\n'), generated.split('\n')];
  return [
    ...before.filter((line) => !after.includes(line)).map((line) => `- ${line}\n`),
    ...after.filter((line) => !before.includes(line)).map((line) => `+ ${line}\n`),
  ].join('');
}
