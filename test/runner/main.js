/**
 * `npm test` runs all tests except those of other tiers, such as `--docker` (test/runner/tiers.js). The last line of output has
 * counts, such as `1800 passed, 0 failed`. Passes arguments to mocha. Files and folders among them replace the default set.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isFresh } from '../../scripts/freshness.js';
import { FILES, TIERS } from './tiers.js';

process.chdir(fileURLToPath(new URL('../..', import.meta.url)));
const directory = mkdtempSync(join(tmpdir(), 'conformance-test-'));
const countsFile = join(directory, 'counts.json');
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
      join('node_modules', 'mocha', 'bin', 'mocha.js'),
      '--import=tsx',
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
        : [...(TIERS[tier] ?? FILES), ...others.map((files) => `--ignore=${files}`)]),
    ],
    {
      stdio: 'inherit',
      env: {
        ...process.env,
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
        TEST_COUNTS_FILE: countsFile,
        TEST_DIST_IS_BUILT: 'true',
        TEST_FOLDER: directory,
      },
    },
  );
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => mocha.kill(signal));
  mocha.on('close', (code) => finish(undefined, code ?? 1));
}

/** Expands a folder, such as `harness/page`, to a glob of its tests. Returns other words unchanged. */
function testsIn(word) {
  return !word.startsWith('-') && statSync(word, { throwIfNoEntry: false })?.isDirectory()
    ? join(word, '**', '*.test.ts')
    : word;
}

/** Prints the counts. An incomplete run and a run without tests are failures. */
function finish(problem, code = 1) {
  const counts = existsSync(countsFile) ? JSON.parse(readFileSync(countsFile, 'utf8')) : undefined;
  const nothing = counts !== undefined && counts.passes + counts.failures === 0;
  const why =
    problem ?? (counts === undefined ? 'mocha did not complete.' : nothing ? 'There were no tests to run.' : undefined);
  if (why !== undefined) process.stderr.write(`${why}\n`);
  const { passes, failures, pending } = counts ?? { passes: 0, failures: 1, pending: 0 };
  process.stdout.write(`${passes} passed, ${failures} failed${pending > 0 ? `, ${pending} skipped` : ''}\n`);
  process.exitCode = why === undefined && failures === 0 ? code : code || 1;
}
