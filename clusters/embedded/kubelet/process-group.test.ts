import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

const SCRIPT = `
import { startProcess } from '${new URL('./process-group.ts', import.meta.url).href}';
const argv = ['/bin/sh', '-c', 'sleep 600 & echo $$ $!; wait'];
startProcess({ argv, env: { PATH: '/usr/bin:/bin' }, directory: '/' }, (chunk) => {
  process.stdout.write(chunk, () => process.exit(0));
});
`;

/** Gone, or a zombie that only waits for a parent. */
function ended(pid: number): boolean {
  try {
    return /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}

describe('process group', () => {
  it('ends with this process, however that ends its work', async function () {
    if (process.platform !== 'linux') this.skip();
    this.timeout(10_000);
    const args = ['--import=tsx', '--input-type=module', '-e', SCRIPT];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const pids = stdout.trim().split(' ').map(Number);
    expect(pids).to.have.length(2);
    while (!pids.every(ended)) await new Promise((resolve) => setTimeout(resolve, 5));
  });
});
