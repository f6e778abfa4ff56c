/** Checks Node's version first and, in a clone, updates the build. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';

const MINIMUM = [20, 19];
const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Runs dist/. In a clone, builds it first if sources are newer. `version`: Node's version. */
export async function start(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < MINIMUM[0] || (major === MINIMUM[0] && minor < MINIMUM[1])) {
    process.stderr.write(`Node ${version} is too old: install Node ${MINIMUM.join('.')} or later.\n`);
    process.exitCode = 2;
    return;
  }
  // Users cannot fix deprecations inside dependencies (Node 22: punycode, by the Kubernetes client).
  // With --no-deprecation, Node rejects an assignment.
  process.noDeprecation ||= true;
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  setV8Flags();
  const build = join(root, 'scripts', 'build.js');
  if (existsSync(build) && !(await import('../scripts/freshness.js')).isFresh()) {
    const { status, stderr } = spawnSync(process.execPath, [build], {
      // esbuild resolves entry points from here.
      cwd: root,
      stdio: ['ignore', 'inherit', 'pipe'],
      encoding: 'utf8',
    });
    if (status !== 0) {
      process.stderr.write(`The build failed, so nothing ran:\n${stderr}`);
      process.exitCode = 3;
      return;
    }
  }
  await import(join(root, 'dist', 'bin', 'cli', 'main.js'));
}

/** Sets V8's flags for short programs, in which early optimization and parallel garbage collection cost more than they save (docs/performance.md). */
export function setV8Flags() {
  // Later versions of Node lack this flag and would warn.
  if (process.versions.node.startsWith('20.')) setFlagsFromString('--interrupt-budget=1200000');
  setFlagsFromString('--no-parallel-scavenge');
  // By default, V8 lets the heap of a fast program grow fourfold between collections.
  setFlagsFromString('--heap-growing-percent=50');
}
