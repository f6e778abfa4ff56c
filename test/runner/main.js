/**
 * `npm test` runs all tests except those of other tiers, such as `--docker` (test/runner/tiers.js). The last line of output has
 * counts, such as `1800 passed, 0 failed`. Passes arguments to mocha. Files and folders among them replace the default set.
 * TEST_SAMPLE="3 e1f0a2": a third of a tier's files, chosen by the commit.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isFresh } from '../../scripts/freshness.js';
import { testEnvironment } from './environment.js';
import { lookupFiles } from 'mocha/lib/cli/lookup-files.js';
import { FILES, sampled, TIERS } from './tiers.js';

process.chdir(fileURLToPath(new URL('../..', import.meta.url)));
const directory = mkdtempSync(join(tmpdir(), 'conformance-test-'));
const countsFile = join(directory, 'counts.json');
const home = join(directory, 'home');
mkdirSync(home);
let interrupted = false;
process.on('exit', () => rmSync(directory, { recursive: true, force: true, maxRetries: 3 }));

// Builds before mocha's processes start. Otherwise each of them would build.
if (!isFresh() && spawnSync(process.execPath, ['scripts/build.js'], { stdio: 'inherit' }).status !== 0) {
  finish('The build failed, so no tests were run.');
} else {
  const words = process.argv.slice(2);
  const tier = Object.keys(TIERS).find((name) => words.includes(`--${name}`));
  const args = words.filter((word) => word !== `--${tier}`).map(testsIn);
  const others = Object.entries(TIERS).flatMap(([name, files]) => (name === tier ? [] : files));
  const mocha = spawn(
    process.execPath,
    [
      // As a flag of Node and not of mocha, which would start a second process that signals do not reach.
      '--import=tsx',
      join('node_modules', 'mocha', 'bin', 'mocha.js'),
      // Only for hanging tests. Tests take seconds, Docker tests take minutes, and a busy machine takes longer.
      '--timeout=600000',
      // Docker tests compete for processors. Rehearsals mostly wait. Each process loads the sources.
      ...(tier === 'docker'
        ? []
        : ['--parallel', `--jobs=${tier === 'rehearsal' ? 3 : Math.min(availableParallelism() + 1, 4)}`]),
      `--reporter=${join('test', 'runner', 'reporter.js')}`,
      `--require=${join('test', 'runner', 'hooks.js')}`,
      ...args,
      ...(args.some((word) => word.endsWith('.test.ts'))
        ? []
        : [...testsOf(tier), ...others.map((files) => `--ignore=${files}`)]),
    ],
    {
      stdio: 'inherit',
      env: {
        ...testEnvironment(process.env, home),
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
        TEST_COUNTS_FILE: countsFile,
        TEST_DIST_IS_BUILT: 'true',
        TEST_FOLDER: directory,
      },
    },
  );
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.on(signal, () => {
      interrupted = true;
      mocha.kill(signal);
    });
  mocha.on('close', (code) => finish(undefined, code ?? 1));
}

/** Returns the globs of a tier, or the files of its sample. */
function testsOf(tier) {
  const globs = TIERS[tier] ?? FILES;
  const [count, seed] = process.env.TEST_SAMPLE?.split(' ') ?? [];
  if (count === undefined) return globs;
  const files = globs.flatMap((glob) => lookupFiles(glob));
  return sampled(files.sort(), Number(count), seed ?? '');
}

/** Expands a folder, such as `harness/page`, to a glob of its tests. Returns other words unchanged. */
function testsIn(word) {
  return !word.startsWith('-') && statSync(word, { throwIfNoEntry: false })?.isDirectory()
    ? join(word, '**', '*.test.ts')
    : word;
}

/** Prints the counts. An incomplete run counts as one more failure. A run without tests is a failure. */
function finish(problem, code = 1) {
  const counts = existsSync(countsFile) ? JSON.parse(readFileSync(countsFile, 'utf8')) : undefined;
  const { passes, failures, pending, isComplete } = counts ?? { passes: 0, failures: 0, pending: 0 };
  const nothing = isComplete && passes + failures === 0 ? 'There were no tests to run.' : undefined;
  const cut = interrupted ? 'Interrupted, so tests are missing from the counts.' : 'mocha did not complete.';
  const why = problem ?? (isComplete ? nothing : cut);
  if (why !== undefined) process.stderr.write(`${why}\n`);
  const failed = isComplete ? failures : failures + 1;
  process.stdout.write(`${passes} passed, ${failed} failed${pending > 0 ? `, ${pending} skipped` : ''}\n`);
  process.exitCode = interrupted ? 130 : why === undefined && failed === 0 ? code : code || 1;
}
