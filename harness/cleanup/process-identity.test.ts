import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { expect } from 'chai';
import { livenessOf, livenessOfNumber, thisProcess } from './process-identity.ts';

describe('the process of a run', () => {
  it('is alive until it ends', async () => {
    const script = `import { thisProcess } from ${JSON.stringify(new URL('process-identity.ts', import.meta.url).href)};
      process.stdout.write(JSON.stringify(thisProcess())); setInterval(() => undefined, 1000);`;
    const child = spawn(process.execPath, ['--import=tsx', '--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [text] = (await once(child.stdout, 'data')) as [Buffer];
    const owner = JSON.parse(text.toString()) as ReturnType<typeof thisProcess>;
    expect(owner.pid).to.equal(child.pid);
    expect(livenessOf(owner)).to.equal('alive');
    expect(livenessOfNumber(hostname(), owner.pid)).to.equal('alive');
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(livenessOf(owner)).to.equal('ended');
    expect(livenessOfNumber(hostname(), owner.pid)).to.equal('ended');
  });

  it('differs from a later process with the same number', () => {
    expect(livenessOf(thisProcess())).to.equal('alive');
    expect(livenessOf({ ...thisProcess(), started: 'earlier' })).to.equal('ended');
    expect(livenessOf({ ...thisProcess(), started: '' })).to.equal('ended');
  });

  it('is unknown on another machine', () => {
    expect(livenessOf({ ...thisProcess(), host: 'elsewhere' })).to.equal('unknown');
    expect(livenessOfNumber('elsewhere', process.pid)).to.equal('unknown');
  });
});
