/**
 * Makes the Python environment with the clients of test/contract (boto3, the AWS CLI and kubectl), in a cache folder
 * outside the checkout: $XDG_CACHE_HOME, or ~/.cache. It is made once for each version of Python and of the requirements.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const REQUIREMENTS = join(root, 'test', 'contract', 'requirements.txt');

/** Folder for what is made once and outlives a checkout. */
export function cacheFolder() {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'eks-pod-identity-conformance');
}

/**
 * @returns {{ bin: string } | { missing: string }} the folder of the programs, or why Python cannot make it
 * @throws {Error} when the clients cannot be installed
 */
export function contractTools() {
  const python = spawnSync('python3', ['-c', 'import sys, ensurepip, venv; print(sys.version)'], { encoding: 'utf8' });
  if (python.error !== undefined) return { missing: 'python3 is not installed' };
  if (python.status !== 0) return { missing: 'python3 cannot make environments (on Debian: install python3-venv)' };
  const digest = createHash('sha256').update(readFileSync(REQUIREMENTS)).update(python.stdout).digest('hex');
  const folder = join(cacheFolder(), `contract-${digest.slice(0, 12)}`);
  const complete = join(folder, '.complete');
  const bin = join(folder, 'bin');
  if (existsSync(complete)) return { bin };
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  run('python3', ['-m', 'venv', folder]);
  const quiet = ['--quiet', '--disable-pip-version-check', '--no-input'];
  run(join(bin, 'python'), ['-m', 'pip', 'install', ...quiet, '--requirement', REQUIREMENTS]);
  writeFileSync(complete, '');
  return { bin };
}

function run(command, args) {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] });
  if (status !== 0) throw new Error(`The clients of test/contract could not be installed: ${stderr.trim()}`);
}
