import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { collectDiagnostics } from './diagnostics.ts';
import { fakeRunner } from '../../test/support/kind.ts';

const TOKEN = `eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.${'c2ln'.repeat(20)}`;

describe("the nodes' logs", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'diagnostics-test-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Collects the files that `kind export logs` writes before it exits like this. */
  const collect = (write: (to: string) => void, exitCode: number | Error = 0): Promise<string | undefined> => {
    const { run } = fakeRunner([
      [
        /^kind export logs/,
        ({ line }) => {
          write(/ logs (\S+) --name/.exec(line)?.[1] ?? '');
          if (exitCode instanceof Error) throw exitCode;
          return { exitCode };
        },
      ],
    ]);
    return collectDiagnostics({
      run,
      program: 'kind',
      cluster: 'c1a2b3d-c1',
      directory: join(folder, 'report'),
      privateFolder: join(folder, 'private'),
    });
  };
  const log = (to: string, name: string, content: string): void => {
    mkdirSync(join(to, 'node'), { recursive: true });
    writeFileSync(join(to, 'node', name), content);
  };

  it('are copied to the report without secrets, and the originals are deleted', async () => {
    const found = await collect((to) => {
      log(to, 'journal.log', `the token is ${TOKEN}\n`);
      log(to, 'inspect.json', '["HTTPS_PROXY=http://me:pass-word@proxy.example:3128"]');
    });
    expect(found).to.equal(join(folder, 'report', 'c1a2b3d-c1'));
    const read = (name: string): string => readFileSync(join(found ?? '', 'node', name), 'utf8');
    expect(read('journal.log')).to.equal('the token is [redacted]\n');
    expect(read('inspect.json')).to.equal('["HTTPS_PROXY=http://me:[redacted]@proxy.example:3128"]');
    expect(readdirSync(join(folder, 'private'))).to.deep.equal([]);
  });

  it('exclude binary files and targets of links', async () => {
    const found = await collect((to) => {
      log(to, 'kubelet.log', 'started\n');
      log(to, 'system.journal', `LPKSHHRH\0${TOKEN}`);
      symlinkSync('/etc/passwd', join(to, 'node', 'passwd'));
    });
    expect(readdirSync(join(found ?? '', 'node'))).to.deep.equal(['kubelet.log']);
  });

  it('are truncated at the beginning, after the end of a line', async () => {
    const line = `${'x'.repeat(1023)}\n`;
    const found = await collect((to) => log(to, 'api.log', `${TOKEN.repeat(9)}\n${line.repeat(8 * 1024)}last\n`));
    const text = readFileSync(join(found ?? '', 'node', 'api.log'), 'utf8');
    expect(text).to.equal(`${line.repeat(8 * 1024 - 1)}last\n`);
  });

  for (const [how, exitCode] of [
    ['fails', 1],
    ['takes too long', new Error('The operation was aborted due to timeout')],
  ] as const)
    it(`are kept in part if the collection ${how}`, async () => {
      const found = await collect((to) => log(to, 'journal.log', 'started\n'), exitCode);
      expect(readdirSync(join(found ?? '', 'node'))).to.deep.equal(['journal.log']);
    });

  it('leave no folder if the nodes have no logs', async () => {
    expect(await collect(() => undefined, 1)).to.equal(undefined);
    expect(existsSync(join(folder, 'report'))).to.equal(false);
  });
});
