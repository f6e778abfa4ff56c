import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { execa } from 'execa';
import { ROOT, temporaryFolder } from '../support/run-cli.ts';
import { emulatorProcess, sayMissing, type Missing } from './emulator-process.ts';

interface Tools {
  readonly contractTools: () => { readonly bin: string } | Missing;
}

const PORT = '4566';
const PAGE = readFileSync(join(ROOT, 'docs', 'emulator.md'), 'utf8');
/** What a reader copies from the output of a command. */
const COPIED: readonly (readonly [written: string | RegExp, filled: string])[] = [
  [/^(aws iam create-access-key .*)$/m, 'read -r ID SECRET <<<"$($1)"'],
  ["<<'END'", '<<END'],
  ['<the id above>', '$ID'],
  ['<the secret above>', '$SECRET'],
];

/** Returns the blocks of a page in one script, in which the emulator has the port. */
function scriptOf(page: string, port: string): string {
  const blocks = [...page.matchAll(/^```(sh|python)\n([\s\S]*?)^```$/gm)].map(([, language, block = '']) =>
    language === 'sh' ? block : `python - <<'PYTHON'\n${block}PYTHON\n`,
  );
  return COPIED.reduce(
    (script, [written, filled]) => script.replace(written, filled),
    ['set -euo pipefail', ...blocks].join('\n'),
  ).replaceAll(PORT, port);
}

const toolsOrSkip = async (): Promise<{ readonly bin: string } | undefined> => {
  const { contractTools } = (await import(pathToFileURL(join(ROOT, 'test', 'contract', 'tools.js')).href)) as Tools;
  const tools = contractTools();
  if (!('missing' in tools)) return tools;
  sayMissing(tools);
  return undefined;
};

describe('docs/emulator.md', () => {
  it('has a world and a fixture of pytest that work as written, and that end the emulator', async function () {
    const tools = await toolsOrSkip();
    if (tools === undefined) return this.skip();
    const folder = temporaryFolder();
    const write = (name: string, content = ''): void => writeFileSync(join(folder, name), content);
    const [, section = ''] = PAGE.split('## Create resources at the start');
    write('world.yaml', /```yaml\n([\s\S]*?)```/.exec(section)?.[1]);
    write('web-policy.json', '{ "Statement": { "Effect": "Allow", "Action": "s3:*", "Resource": "*" } }');
    write('test_app.py', /```python\n([\s\S]*?)```/.exec(section)?.[1]);
    write('package.json', '{ "name": "team", "private": true }');
    const bin = join(folder, 'node_modules', '.bin');
    mkdirSync(bin, { recursive: true });
    symlinkSync(join(ROOT, 'bin', 'conformance.js'), join(bin, 'eks-pod-identity-conformance'));
    const inherited = Object.entries(process.env).filter(([name]) => !/^(CONFORMANCE|npm)_|^NODE_OPTIONS$/.test(name));
    const { exitCode, all } = await execa(join(tools.bin, 'python'), ['-m', 'pytest', '-q'], {
      ...{ cwd: folder, all: true, reject: false, extendEnv: false },
      env: { ...Object.fromEntries(inherited), HOME: folder },
    });
    expect(exitCode, all).to.equal(0);
    expect(all).to.contain('1 passed');
  });

  it('has commands of the AWS CLI, boto3 and kubectl that work as written', async function () {
    const tools = await toolsOrSkip();
    if (tools === undefined) return this.skip();
    const [start = '', rest = ''] = PAGE.split(/^## Use it with/m);
    const flags = /^npm run emulator -- (.*)$/m.exec(start)?.[1]?.split(' ') ?? [];
    const emulator = await emulatorProcess(...flags.map((word) => (word === PORT ? '0' : word)));
    try {
      const { port } = new URL(emulator.announced['endpoint'] ?? '');
      const folder = temporaryFolder();
      const shell = spawn('bash', ['-c', scriptOf(rest.split(/^## /m)[0] ?? '', port)], {
        cwd: folder,
        env: { PATH: [tools.bin, process.env['PATH']].join(delimiter), HOME: folder, AWS_PAGER: '' },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const exit = new Promise((resolve) => shell.once('close', resolve));
      const [out, err] = await Promise.all([text(shell.stdout), text(shell.stderr)]);
      expect(await exit, err).to.equal(0);
      expect(out)
        .to.contain('hello.txt')
        .and.to.match(/"arn:aws:sts::111122223333:assumed-role\/reader\//)
        .and.to.match(/probe-report.*assumed-role\/app\//)
        .and.to.match(/"arn:aws:sts::111122223333:assumed-role\/app\/[^"]+"\s*$/);
    } finally {
      await emulator.stop();
    }
  });
});
