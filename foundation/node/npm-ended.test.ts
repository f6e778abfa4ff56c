import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { ROOT, temporaryFolder } from '../../test/support/run-cli.ts';

const MODULE = join(ROOT, 'foundation', 'node', 'npm-ended.ts');

describe('processes that npm starts', () => {
  /** Returns the package of a script that reports `started` and, when npm has exited, `npm ended`. */
  function scripted(): string {
    const folder = temporaryFolder();
    const program = `
      import { onNpmEnded } from ${JSON.stringify(MODULE)};
      onNpmEnded(() => { console.log('npm ended'); process.exit(); });
      console.log('started');
      setInterval(() => {}, 1000);`;
    writeFileSync(join(folder, 'program.mts'), program);
    const tsx = join(ROOT, 'node_modules', 'tsx', 'dist', 'loader.mjs');
    // "; :" keeps the shell between npm and the program.
    const script = `${process.execPath} --import=${tsx} program.mts; :`;
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ scripts: { start: script } }));
    return folder;
  }

  it('end with npm, although its shell forwards no signal and a reader waits for the end of the output', async () => {
    const npm = spawn('npm', ['start', '--silent'], { cwd: scripted(), stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const line of createInterface({ input: npm.stdout })) {
      if (line === 'started') npm.kill('SIGKILL');
      if (line === 'npm ended') return;
    }
    throw new Error('The program ended without a report.');
  });

  it('are not watched without npm', async () => {
    const { npm_command: _, ...env } = process.env;
    const program = `
      import { onNpmEnded } from ${JSON.stringify(MODULE)};
      onNpmEnded(() => console.log('npm ended'));`;
    const child = spawn(process.execPath, ['--import=tsx', '--input-type=module', '-e', program], {
      env,
      stdio: 'pipe',
    });
    const [out] = await Promise.all([text(child.stdout), once(child, 'close')]);
    expect(out).to.equal('');
  });
});
