/**
 * Installs the tools of test/contract in a cache folder outside the checkout ($XDG_CACHE_HOME, or ~/.cache). These are Python
 * environments (boto3, the AWS CLI and kubectl; MiniStack, moto and LocalStack) and the Go client. Each is created once for each
 * version of Python or Go and of its inputs.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const GO_MODULE = join(here, 'go');

/** Returns the folder for files that outlive a checkout. */
export function cacheFolder() {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'eks-pod-identity-conformance');
}

/**
 * @param {string} requirements a requirements file in test/contract
 * @param {string} version required version of Python, such as 3.13; default: any version 3
 * @returns {{ bin: string } | { missing: string }} the folder of the programs, or the reason why it cannot be created
 * @throws {Error} if the packages cannot be installed
 */
export function contractTools(requirements = 'requirements.txt', version = '3') {
  const python = pythonOf(version);
  if ('missing' in python) return python;
  const file = join(here, requirements);
  const digest = createHash('sha256').update(readFileSync(file)).update(python.about).digest('hex');
  const finished = join(cacheFolder(), `python-${digest.slice(0, 12)}`);
  const bin = join(finished, 'bin');
  if (existsSync(bin)) return { bin };
  mkdirSync(cacheFolder(), { recursive: true });
  const folder = mkdtempSync(`${finished}-`);
  try {
    run(python.program, ['-m', 'venv', folder]);
    const quiet = ['--quiet', '--disable-pip-version-check', '--no-input'];
    run(join(folder, 'bin', 'python'), ['-m', 'pip', 'install', ...quiet, '--requirement', file]);
    // Test files run in parallel. All use the environment that is finished first.
    symlinkSync(folder, finished);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    if (error.code !== 'EEXIST' || !existsSync(bin)) throw error;
  }
  return { bin };
}

/** Finds a Python that can create environments, in PATH or in pyenv's folder. */
function pythonOf(version) {
  const pyenv = join(process.env.PYENV_ROOT || join(homedir(), '.pyenv'), 'versions');
  const kept = existsSync(pyenv) ? readdirSync(pyenv).map((name) => join(pyenv, name, 'bin', 'python3')) : [];
  let missing = `Python ${version} is not installed`;
  for (const program of ['python3', `python${version}`, ...kept]) {
    const code = 'import sys; print(sys.version, flush=True); import ensurepip, venv';
    const { status, stdout, error } = spawnSync(program, ['-c', code], { encoding: 'utf8' });
    if (error !== undefined || !stdout.startsWith(`${version}.`)) continue;
    if (status === 0) return { program, about: stdout };
    missing = `${program} cannot create virtual environments (on Debian, install python${version}-venv)`;
  }
  return { missing };
}

/**
 * @returns {{ program: string } | { missing: string }} the program of test/contract/go, or the reason why it cannot be built
 * @throws {Error} if the build fails
 */
export function goClient() {
  const go = spawnSync('go', ['version'], { encoding: 'utf8' });
  if (go.error !== undefined) return { missing: 'go is not installed' };
  const hash = createHash('sha256').update(go.stdout);
  for (const file of readdirSync(GO_MODULE).sort()) hash.update(file).update(readFileSync(join(GO_MODULE, file)));
  const program = join(cacheFolder(), `contract-go-${hash.digest('hex').slice(0, 12)}`);
  if (existsSync(program)) return { program };
  mkdirSync(cacheFolder(), { recursive: true });
  const unfinished = `${program}-${process.pid}`;
  run('go', ['build', '-trimpath', '-ldflags=-s -w', '-o', unfinished, '.'], {
    cwd: GO_MODULE,
    env: { ...process.env, CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '-mod=readonly -buildvcs=false' },
  });
  renameSync(unfinished, program);
  return { program };
}

function run(command, args, options = {}) {
  const { status, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
    ...options,
  });
  if (status !== 0) throw new Error(`Failed to install the tools of test/contract: ${stderr.trim()}`);
}
