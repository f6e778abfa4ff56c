import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { runProgram } from './runner.ts';
import { rejection } from '../../../test/support/kind.ts';

describe('running a program', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'runner-test-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('returns its exit code and output', async () => {
    const script = 'echo "out $WHO"; echo err >&2; exit 3';
    const finished = await runProgram('sh', ['-c', script], { environment: { WHO: 'me' } });
    expect(finished).to.deep.equal({ exitCode: 3, stdout: 'out me', stderr: 'err' });
  });

  it('connects a file or nothing to its standard input', async () => {
    writeFileSync(join(folder, 'input'), 'text');
    expect(await runProgram('cat', [], { inputFile: join(folder, 'input') })).to.include({ stdout: 'text' });
    expect(await runProgram('cat', [])).to.include({ exitCode: 0, stdout: '' });
  });

  it('rejects if the program does not exist', async () => {
    expect(await rejection(runProgram('/nonexistent/program', []))).to.include({ code: 'ENOENT' });
  });

  it('also ends its child processes on an abort', async () => {
    const stop = new AbortController();
    const started = join(folder, 'started');
    const running = runProgram('sh', ['-c', 'sleep 600 & touch "$0"; wait', started], { signal: stop.signal });
    while (!existsSync(started)) await new Promise((resolve) => setTimeout(resolve, 5));
    stop.abort(new Error('enough'));
    // The promise settles when no process, not even the one in the background, holds the output open.
    expect((await rejection(running)).message).to.equal('enough');
  });

  it("shields it from the terminal's interrupts by a process group of its own", async () => {
    const { stdout } = await runProgram('sh', ['-c', 'ps -o pid=,pgid= -p $$']);
    const [pid, group] = stdout.trim().split(/\s+/);
    expect(group).to.equal(pid);
  });

  it('does not start it if the signal is already aborted', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    expect((await rejection(runProgram('touch', [join(folder, 'made')], { signal }))).message).to.equal('enough');
    expect((await runProgram('ls', [folder])).stdout).to.equal('');
  });
});
