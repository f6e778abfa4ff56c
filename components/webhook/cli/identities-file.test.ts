import { expect } from 'chai';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseIdentities, watchIdentities } from './identities-file.ts';

const config = (...names: string[]): string =>
  JSON.stringify({ identities: names.map((serviceAccount) => ({ namespace: 'ns', serviceAccount })) });

describe('parseIdentities', () => {
  it('parses identities; none in empty content', () => {
    expect(parseIdentities(config('a'))).to.deep.equal([{ namespace: 'ns', serviceAccount: 'a' }]);
    for (const content of ['', '{}', 'null', '{"identities":null}']) expect(parseIdentities(content)).to.deep.equal([]);
  });

  for (const content of ['{', '[]', '{"identities":{}}', '{"identities":[{"namespace":5}]}']) {
    it(`rejects ${content}`, () => {
      expect(() => parseIdentities(content)).to.throw('The container credentials config cannot be read: ');
    });
  }
});

describe('watchIdentities', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'webhook-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('follows a mounted config map, in which the kubelet replaces a link next to the file', async () => {
    const mount = async (version: string, content: string): Promise<void> => {
      await mkdir(join(folder, version));
      await writeFile(join(folder, version, 'config.json'), content);
      await symlink(version, join(folder, '..data_tmp'));
      await rename(join(folder, '..data_tmp'), join(folder, '..data'));
    };
    await mount('..1', config('a'));
    await symlink(join('..data', 'config.json'), join(folder, 'config.json'));
    const loaded: string[] = [];
    let notify: () => void = () => undefined;
    const watcher = await watchIdentities(
      join(folder, 'config.json'),
      (identities) => {
        loaded.push(identities.map(({ serviceAccount }) => serviceAccount).join());
        notify();
      },
      () => undefined,
    );
    try {
      expect(loaded).to.deep.equal(['a']);
      await mount('..2', config('a', 'b'));
      while (loaded.at(-1) !== 'a,b') await new Promise<void>((resolve) => (notify = resolve));
    } finally {
      watcher.stop();
    }
  });

  it('follows a file that is created, malformed, replaced and removed', async () => {
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
