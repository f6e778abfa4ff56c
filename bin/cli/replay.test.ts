import { expect } from 'chai';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { executed } from '../../test/support/executed.ts';

describe('npm run replay', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'replay-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  async function run(...contents: string[]): Promise<[code: number, out: string[], err: string]> {
    const files = contents.map((_, at) => join(folder, `${at}.json`));
    await Promise.all(files.map((file, at) => writeFile(file, contents[at] ?? '')));
    const { code, out, err } = await executed('replay', files);
    return [code, out.split('\n').slice(0, -1), err];
  }

  const recording = (status: number): string =>
    JSON.stringify({
      exchanges: [
        {
          name: 'no such path',
          request: { method: 'GET', path: '/x', host: 'localhost', authorization: null },
          eksAuth: 'ok',
          response: { status },
        },
      ],
    });

  it('counts the compared exchanges of all files', async () => {
    expect(await run(recording(404), recording(404))).to.eql([0, ['2 exchanges, 0 differ'], '']);
  });

  it('prints differences', async () => {
    const [code, out] = await run(recording(404), recording(200));
    expect(code).to.equal(1);
    expect(out[0]).to.match(/no such path$/);
    expect(out.join('\n')).to.match(/expected 200.*\n.*actual +404.*\n2 exchanges, 1 differ$/);
  });

  for (const [what, text] of [
    ['a file that is not JSON', '{'],
    ['an object without a recording', '{}'],
    ['JSON that is not an object', '1'],
    ['a malformed recording', '{"exchanges": 1}'],
  ] as const) {
    it(`rejects ${what}`, async () => {
      const [code, , err] = await run(text);
      expect(code).to.equal(2);
      expect(err).to.match(/cannot be replayed|is not JSON/);
    });
  }

  it('rejects a missing file, and a call without files', async () => {
    const none = await executed('replay', [join(folder, 'none.json')]);
    expect(none.code).to.equal(2);
    expect(none.err).to.contain('none.json cannot be read (there is no such file)');
    const { code, err } = await executed('replay', []);
    expect([code, err]).to.deep.equal([2, 'Too few arguments: give FILE.... See `npm run replay -- --help`.\n']);
  });
});
