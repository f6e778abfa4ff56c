import { spawnSync } from 'node:child_process';
import { expect } from 'chai';

const MODULE = new URL('time-limit.ts', import.meta.url).href;

function ended(
  load: string,
  afterwards = '',
  seconds = 1,
): { readonly status: number | null; readonly stderr: string } {
  const program = `
    import { endTimeLimit, withTimeLimit } from ${JSON.stringify(MODULE)};
    await withTimeLimit('mine.ts', async () => { ${load} }, ${seconds});
    ${afterwards}`;
  const { status, stderr } = spawnSync(process.execPath, ['--import=tsx', '--input-type=module', '--eval', program], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { status, stderr };
}

describe('the time limit of a suite file', function () {
  this.timeout(60_000);

  it('ends a process that loops while loading', () => {
    expect(ended('for (;;);')).to.deep.equal({
      status: 2,
      stderr: 'Suite file mine.ts did not finish loading within 1 s.\n',
    });
  });

  it('ends a process that waits for a promise that never settles', () => {
    expect(ended('await new Promise(() => setInterval(() => undefined, 100));')).to.deep.equal({
      status: 2,
      stderr: 'Suite file mine.ts did not finish loading within 1 s.\n',
    });
  });

  it('ends a process that loops in a hook or check', () => {
    const { status, stderr } = ended('', 'for (;;);');
    expect(status).to.equal(2);
    expect(stderr).to.equal(
      'A hook or check kept the process busy for 1 s. Run `npm run sweep` to remove leftover resources.\n',
    );
  });

  it('does not end a process that loads in time, or fails to load', () => {
    expect(ended('', 'await new Promise((resolve) => setTimeout(resolve, 5000));', 4)).to.deep.equal({
      status: 0,
      stderr: '',
    });
    expect(ended('', 'await endTimeLimit(); for (const end = Date.now() + 3000; Date.now() < end;);')).to.include({
      status: 0,
    });
    expect(ended(`throw 'a failure';`)).to.include({ status: 1 });
  });
});
