import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { buildSync } from 'esbuild';

const SOURCE = fileURLToPath(new URL('go-runner.ts', import.meta.url));
const node = (script: string): readonly string[] => [process.execPath, '-e', script];

describe('go-runner', () => {
  const folder = mkdtempSync(join(tmpdir(), 'go-runner-'));
  const program = join(folder, 'go-runner.cjs');
  before(() => void buildSync({ entryPoints: [SOURCE], outfile: program, platform: 'node', format: 'cjs' }));
  after(() => rmSync(folder, { recursive: true }));

  const start = (args: readonly string[]) =>
    spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });

  async function ended(child: ReturnType<typeof start>): Promise<{ code: number | null; out: string; err: string }> {
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, out, err };
  }
  const run = (...args: readonly string[]) => ended(start(args));

  const flags: readonly (readonly string[])[] = [
    [],
    ['--log-file=/var/log/x', '-also-stdout', '--redirect-stderr=false'],
    ['-log-file', '/var/log/x'],
    ['-also-stdout=true', '--'],
  ];
  for (const before of flags) {
    it(`runs a command with its arguments after [${before.join(' ')}]`, async () => {
      const script = 'console.log(process.argv.slice(1).join()); console.error("e"); process.exit(7)';
      expect(await run(...before, ...node(script), '--', '-v', 'x')).to.deep.equal({
        code: 7,
        out: '-v,x\n',
        err: 'e\n',
      });
    });
  }

  it('forwards a signal and waits until the command exits', async () => {
    const child = start(
      node('process.on("SIGTERM", () => process.exit(9)); console.log("up"); setInterval(() => 0, 1000)'),
    );
    child.stdout.once('data', () => child.kill('SIGTERM'));
    expect((await ended(child)).code).to.equal(9);
  });

  it('exits with 128 plus the signal that ended the command', async () => {
    expect((await run(...node('process.kill(process.pid, "SIGKILL")'))).code).to.equal(137);
  });

  it('reports an unknown and a missing command', async () => {
    const missing = await run('/no/such/program');
    expect(missing.code).to.equal(127);
    expect(missing.err).to.include('cannot run /no/such/program');
    expect(await run('-also-stdout')).to.include({ code: 1, err: 'go-runner: no command: add one after the flags\n' });
  });
});
