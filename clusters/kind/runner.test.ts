import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { runProgram } from './runner.ts';
import { rejection } from './testing.ts';

describe('running programs', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'runner-test-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('gives how they end', async () => {
    const script = 'echo "out $WHO"; echo err >&2; exit 3';
    const finished = await runProgram('sh', ['-c', script], { environment: { WHO: 'me' } });
    expect(finished).to.deep.equal({ exitCode: 3, stdout: 'out me', stderr: 'err' });
  });

  it('gives them a file to read, or nothing', async () => {
    writeFileSync(join(folder, 'input'), 'text');
    expect(await runProgram('cat', [], { inputFile: join(folder, 'input') })).to.include({ stdout: 'text' });
    expect(await runProgram('cat', [])).to.include({ exitCode: 0, stdout: '' });
  });

  it('rejects when there is no such program', async () => {
    expect(await rejection(runProgram('/nonexistent/program', []))).to.include({ code: 'ENOENT' });
  });

  it('ends what they started too, when they are to end', async () => {
    const stop = new AbortController();
    const pidFile = join(folder, 'pid');
    const running = runProgram(
      'sh',
      ['-c', `sleep 600 & echo $! > ${pidFile}.part; mv ${pidFile}.part ${pidFile}; wait`],
      {
        signal: stop.signal,
      },
    );
    const pid = (): number => {
      try {
        return Number(readFileSync(pidFile, 'utf8'));
      } catch {
        return 0;
      }
    };
    while (pid() === 0) await new Promise((resolve) => setImmediate(resolve));
    stop.abort(new Error('enough'));
    expect((await rejection(running)).message).to.equal('enough');
    const isThere = (): boolean => {
      try {
        process.kill(pid(), 0);
        return true;
      } catch {
        return false;
      }
    };
    while (isThere()) await new Promise((resolve) => setImmediate(resolve));
  });

  it('starts nothing when they were to end before', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    expect((await rejection(runProgram('touch', [join(folder, 'made')], { signal }))).message).to.equal('enough');
    expect((await runProgram('ls', [folder])).stdout).to.equal('');
  });
});
