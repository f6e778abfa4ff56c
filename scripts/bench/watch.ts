/**
 * Measures how long `--watch` takes from an edit of a policy file to the verdict that it changes, the edits of the example's suite by
 * turns: `node --import=tsx scripts/bench/watch.ts [EDITS] [FLAGS…]`, with further flags of the run such as `--cluster kind`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median } from '../../harness/results/median.ts';

const [edits = '20', ...flags] = process.argv.slice(2);
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const folder = mkdtempSync(join(tmpdir(), 'conformance-watch-'));
cpSync(join(root, 'examples', 'my-suites'), folder, { recursive: true });
const policy = join(folder, 'policies', 'ledger-permissions.json');
const good = readFileSync(policy, 'utf8');
const bad = good.replace('s3:GetObject', 's3:GetObjectTagging');

const program = join(root, 'bin', 'conformance.js');
const args = ['--watch', '--suites-dir', folder, '--report-dir', join(folder, 'reports'), ...flags];
const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
let output = '';
let look = (): void => undefined;
child.stderr.on('data', (chunk: Buffer) => {
  output += chunk.toString();
  look();
});
const ended = once(child, 'exit').then(() => Promise.reject(new Error(`The run ended:\n${output}`)));
ended.catch(() => undefined);

/** Resolves when a text is there. */
const told = (text: string): Promise<void> =>
  Promise.race([
    ended,
    new Promise<void>((resolve) => {
      look = () => (output.includes(text) ? resolve() : undefined);
      look();
    }),
  ]);

try {
  await told('Watching');
  const milliseconds: number[] = [];
  for (let edit = 0; edit < Number(edits); edit += 1) {
    output = '';
    const started = performance.now();
    writeFileSync(policy, edit % 2 === 0 ? bad : good);
    await told(edit % 2 === 0 ? 'FAILED PAY-01' : 'ok PAY-01');
    milliseconds.push(performance.now() - started);
    await told('Watching');
  }
  const ms = (value: number): string => `${Math.round(value)} ms`;
  process.stdout.write(
    `${edits} edits: median ${ms(median(milliseconds))}, longest ${ms(Math.max(...milliseconds))} (load ${loadavg()[0]?.toFixed(1)})\n`,
  );
} finally {
  const exit = once(child, 'exit');
  if (child.exitCode === null && child.kill('SIGINT')) await exit;
  rmSync(folder, { recursive: true, force: true });
}
