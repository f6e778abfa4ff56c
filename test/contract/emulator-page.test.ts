import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
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

describe('docs/emulator.md', () => {
  it('has commands of the AWS CLI, boto3 and kubectl that work as written', async function () {
    const { contractTools } = (await import(pathToFileURL(join(ROOT, 'test', 'contract', 'tools.js')).href)) as Tools;
    const tools = contractTools();
    if ('missing' in tools) {
      sayMissing(tools);
      return this.skip();
    }
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
