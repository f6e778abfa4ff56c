import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { setTimeout as pause } from 'node:timers/promises';

const SCRIPT = `
import { ProcessHost } from '${new URL('./process-host.ts', import.meta.url).href}';
const argv = ['/bin/sh', '-c', 'sleep 600 & echo $$ $!; wait'];
new ProcessHost().start({ argv, env: { PATH: '/usr/bin:/bin' }, directory: '/' }, (chunk) => {
  process.stdout.write(chunk, () => process.exit(0));
});
`;

/** Runs containers that write endlessly, in a process that kills itself after it has output of each. */
const CHATTY = `
import { ProcessHost } from '${new URL('./process-host.ts', import.meta.url).href}';
const processes = new ProcessHost();
processes.clearAtEnd(process.argv[1]);
let heard = 0;
for (let i = 0; i < 5; i += 1) {
  let pid;
  const argv = ['/bin/sh', '-c', 'echo $$; while :; do echo x; done'];
  processes.start({ argv, env: { PATH: '/usr/bin:/bin' }, directory: process.argv[1] }, (chunk) => {
    if (pid !== undefined) return;
    pid = chunk.toString().split('\\n')[0];
    heard += 1;
    process.stdout.write(pid + '\\n', () => {
      if (heard === 5) process.kill(process.pid, 'SIGKILL');
    });
  });
}
`;

/** Returns whether a process has ended; it may still be a zombie. */
function ended(pid: number): boolean {
  try {
    return /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}

describe('the process host', () => {
  it('ends with its killed parent despite pending output, and leaves no files', async function () {
    if (process.platform !== 'linux') this.skip();
    const directory = mkdtempSync(join(tmpdir(), 'process-host-'));
    writeFileSync(join(directory, 'token'), 'token');
    const args = ['--import=tsx', '--input-type=module', '-e', CHATTY, directory];
    const { stdout } = await promisify(execFile)(process.execPath, args).catch(
      (error: unknown) => error as { stdout: string },
    );
    const pids = stdout.trim().split('\n').map(Number);
    expect(pids).to.have.length(5);
    while (!pids.every(ended) || existsSync(directory)) await pause(5);
  });

  it('ends with its parent', async function () {
    if (process.platform !== 'linux') this.skip();
    const args = ['--import=tsx', '--input-type=module', '-e', SCRIPT];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const pids = stdout.trim().split(' ').map(Number);
    expect(pids).to.have.length(2);
    while (!pids.every(ended)) await new Promise((resolve) => setTimeout(resolve, 5));
  });
});
