/** Builds the runner image from the npm package and prints its name: node scripts/runner-image.js [--base IMAGE] [--tag NAME] */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const USAGE = 'Usage: node scripts/runner-image.js [--base IMAGE] [--tag NAME]';
const values = given();
const tag = values.tag ?? `${name}/runner:${version}`;
const context = mkdtempSync(join(tmpdir(), 'conformance-runner-image-'));
const execute = (program, args, cwd) => execFileSync(program, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
try {
  execute('npm', ['pack', '--ignore-scripts', '--pack-destination', context], root);
  const [archive] = readdirSync(context);
  execute('npm', ['install', '--silent', '--prefer-offline', '--no-audit', '--no-fund', `./${archive}`], context);
  copyFileSync(join(root, 'Dockerfile'), join(context, 'Dockerfile'));
  const base = values.base === undefined ? [] : ['--build-arg', `BASE=${values.base}`];
  execute('docker', ['build', '--tag', tag, ...base, '.'], context);
  process.stdout.write(`${tag}\n`);
} finally {
  rmSync(context, { recursive: true });
}

/** Returns the flags. Prints the usage and exits for --help and invalid flags. */
function given() {
  const texts = { base: { type: 'string' }, tag: { type: 'string' } };
  try {
    const { values: flags } = parseArgs({ options: { ...texts, help: { type: 'boolean', short: 'h' } } });
    if (!flags.help) return flags;
    process.stdout.write(`${USAGE}\n`);
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${error.message.split('\n')[0]}\n${USAGE}\n`);
    process.exit(2);
  }
}
