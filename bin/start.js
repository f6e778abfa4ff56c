/** What every command does first: a Node that is new enough and, in a clone, a build that is up to date. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';

const MINIMUM = [20, 19];
const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Runs dist/, in a clone building it first where sources are newer. `version` is that of the Node that runs it. */
export async function start(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < MINIMUM[0] || (major === MINIMUM[0] && minor < MINIMUM[1])) {
    process.stderr.write(`Node ${version} is too old: install Node ${MINIMUM.join('.')} or later.\n`);
    process.exitCode = 2;
    return;
  }
  // Deprecations inside dependencies (Node 22: punycode, by way of the Kubernetes client) are no concern of a user's.
  process.noDeprecation = true;
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  // Commands run for seconds, much of their code for the first time: to optimize it early, and to collect garbage with
  // several threads, costs more processor time than it gives back (docs/performance.md).
  // Later versions of Node have no such flag, and would print that.
  if (process.versions.node.startsWith('20.')) setFlagsFromString('--interrupt-budget=1200000');
  setFlagsFromString('--no-parallel-scavenge');
  // V8 lets a heap grow to four times what is in use before it looks for garbage again where the program is quick.
  setFlagsFromString('--heap-growing-percent=50');
  const build = join(root, 'scripts', 'build.js');
  if (existsSync(build) && !(await import('../scripts/freshness.js')).isFresh()) {
    const { status, stderr } = spawnSync(process.execPath, [build], {
      // Where esbuild looks for what it builds.
      cwd: root,
      stdio: ['ignore', 'inherit', 'pipe'],
      encoding: 'utf8',
    });
    if (status !== 0) {
      process.stderr.write(`The build failed, so nothing was run:\n${stderr}`);
      process.exitCode = 3;
      return;
    }
  }
  await import(join(root, 'dist', 'bin', 'cli', 'main.js'));
}
