/**
 * Writes the tables of docs/ from the code, and builds the site in docs/site/dist (`npm run docs`). With `--tables`, only writes the
 * tables; with `--serve`, also serves the site on loopback. Installs VitePress on the first run.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSuites } from '../../harness/scenario-files/read-suites.ts';
import { generatedParts } from './generated.ts';
import { stagePages, withTables } from './stage.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const site = join(root, 'docs', 'site');
const pages = join(site, 'pages');

function run(command: string, ...words: readonly string[]): void {
  const { status } = spawnSync(command, words, { cwd: site, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error(`${command} ${words.join(' ')} failed with exit code ${status}.`);
}

const parts = generatedParts(root, await readSuites(join(root, 'suites'), []));
const docs = readdirSync(join(root, 'docs')).filter((file) => file.endsWith('.md'));
for (const file of docs.map((name) => join(root, 'docs', name)))
  writeFileSync(file, await withTables(readFileSync(file, 'utf8'), parts));
if (process.argv.includes('--tables')) process.exit();
if (!existsSync(join(site, 'node_modules'))) run('npm', 'ci', '--no-audit', '--no-fund');
rmSync(pages, { recursive: true, force: true });
stagePages(root, pages, parts);
run('npx', 'vitepress', 'build');
process.stdout.write('The site is in docs/site/dist.\n');
if (process.argv.includes('--serve')) run('npx', 'vitepress', 'preview', '--host', '127.0.0.1');
