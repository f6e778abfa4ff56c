import { expect } from 'chai';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { IdentitiesFileError, parseIdentities, watchIdentities } from './identities-file.ts';

const config = (...names: string[]): string =>
  JSON.stringify({ identities: names.map((serviceAccount) => ({ namespace: 'ns', serviceAccount })) });

describe('parseIdentities', () => {
  it('reads identities; empty content has none', () => {
    expect(parseIdentities(config('a'))).to.deep.equal([{ namespace: 'ns', serviceAccount: 'a' }]);
    for (const content of ['', '{}', 'null', '{"identities":null}']) expect(parseIdentities(content)).to.deep.equal([]);
  });

  for (const content of ['{', '[]', '{"identities":{}}', '{"identities":[{"namespace":5}]}']) {
    it(`refuses ${content}`, () => {
      expect(() => parseIdentities(content)).to.throw(IdentitiesFileError);
    });
  }
});

describe('watchIdentities', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'webhook-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('follows the file: missing, written, malformed, exchanged, removed', async () => {
    const file = join(folder, 'identities.json');
    const log: string[] = [];
    let names: string[] | undefined;
    const until = async (condition: () => boolean): Promise<void> => {
      while (!condition()) await delay(5);
    };
    const watcher = await watchIdentities(
      file,
      (identities) => (names = identities.map(({ serviceAccount }) => serviceAccount)),
      (line) => log.push(line),
    );
    try {
      expect(names).to.deep.equal([]);

      await writeFile(join(folder, 'new'), config('a'));
      await rename(join(folder, 'new'), file);
      await until(() => names?.join() === 'a');

      await writeFile(join(folder, 'new'), '{malformed');
      await rename(join(folder, 'new'), file);
      await until(() => log.length > 0);
      expect(names).to.deep.equal(['a']);

      await writeFile(join(folder, 'new'), config('a', 'b'));
      await rename(join(folder, 'new'), file);
      await until(() => names?.join() === 'a,b');

      await rm(file);
      await until(() => names?.length === 0);
    } finally {
      watcher.stop();
    }
  });
});
