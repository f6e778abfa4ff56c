/**
 * Makes the Python environments of test/contract (the clients boto3, the AWS CLI and kubectl; MiniStack), in a cache folder
 * outside the checkout: $XDG_CACHE_HOME, or ~/.cache. Each is made once for a version of Python and of its requirements.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** Folder for what is made once and outlives a checkout. */
export function cacheFolder() {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'eks-pod-identity-conformance');
}

/**
 * @param {string} requirements a file of test/contract that names the packages
 * @returns {{ bin: string } | { missing: string }} the folder of the programs, or why Python cannot make it
 * @throws {Error} when the packages cannot be installed
 */
export function contractTools(requirements = 'requirements.txt') {
  const python = spawnSync('python3', ['-c', 'import sys, ensurepip, venv; print(sys.version)'], { encoding: 'utf8' });
  if (python.error !== undefined) return { missing: 'python3 is not installed' };
  if (python.status !== 0) return { missing: 'python3 cannot make environments (on Debian: install python3-venv)' };
  const file = join(root, 'test', 'contract', requirements);
  const digest = createHash('sha256').update(readFileSync(file)).update(python.stdout).digest('hex');
  const finished = join(cacheFolder(), `python-${digest.slice(0, 12)}`);
  const bin = join(finished, 'bin');
  if (existsSync(bin)) return { bin };
  mkdirSync(cacheFolder(), { recursive: true });
  const folder = mkdtempSync(`${finished}-`);
  try {
    run('python3', ['-m', 'venv', folder]);
    const quiet = ['--quiet', '--disable-pip-version-check', '--no-input'];
    run(join(folder, 'bin', 'python'), ['-m', 'pip', 'install', ...quiet, '--requirement', file]);
    // Test files run side by side: the first that is done is the one that all use.
    symlinkSync(folder, finished);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    if (error.code !== 'EEXIST' || !existsSync(bin)) throw error;
  }
  return { bin };
}

function run(command, args) {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] });
  if (status !== 0) throw new Error(`The packages of test/contract could not be installed: ${stderr.trim()}`);
}
