import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { stringify } from 'yaml';
import { readContext } from './named-context.ts';
import { rejection } from '../test/support/kind.ts';

describe('the kubeconfig of an existing cluster', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'kubeconfig-test-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  function write(file: string, names: readonly string[], current?: string): string {
    const path = join(folder, file);
    const text = stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: names.map((name) => ({
        name,
        cluster: { server: `https://${name}`, 'certificate-authority': 'ca.crt' },
      })),
      users: names.map((name) => ({ name, user: { token: 'secret' } })),
      contexts: names.map((name) => ({ name, context: { cluster: name, user: name } })),
      ...(current !== undefined && { 'current-context': current }),
    });
    writeFileSync(path, text);
    return path;
  }
  const problem = (...args: Parameters<typeof readContext>): Promise<Error & { code?: string; blame?: string }> =>
    rejection((async () => readContext(...args))());

  it('is the file named, with its current context', () => {
    const kubeconfig = write('one', ['blue', 'green'], 'green');
    const { config, context, files } = readContext({ kubeconfig }, { KUBECONFIG: '/nonexistent' });
    expect({ context, files }).to.deep.equal({ context: 'green', files: kubeconfig });
    expect(config.getCurrentCluster()).to.include({ server: 'https://green', caFile: join(folder, 'ca.crt') });
  });

  it('has another context when one is named', () => {
    const kubeconfig = write('one', ['blue', 'green'], 'green');
    const { config } = readContext({ kubeconfig, context: 'blue' });
    expect(config.getCurrentCluster()).to.include({ server: 'https://blue' });
  });

  it('is that of all files of KUBECONFIG else', () => {
    const KUBECONFIG = `${write('one', ['blue'], 'blue')}:${write('two', ['green'], 'green')}`;
    expect(readContext({}, { KUBECONFIG })).to.include({ context: 'blue', files: KUBECONFIG });
    expect(readContext({ context: 'green' }, { KUBECONFIG }).config.getCurrentCluster()).to.include({
      server: 'https://green',
    });
  });

  it('must be there', async () => {
    const error = await problem({ kubeconfig: join(folder, 'none') });
    expect(error).to.include({ code: 'BAD_KUBECONFIG', blame: 'usage' });
    expect(error.message).to.contain(`${join(folder, 'none')} does not exist`);
  });

  it('must be readable', async () => {
    expect((await problem({ kubeconfig: folder })).message).to.contain('cannot be read (EISDIR)');
  });

  for (const text of ['', '[', '"text"', '{"clusters": 1}']) {
    it(`cannot be ${JSON.stringify(text)}`, async () => {
      const kubeconfig = join(folder, 'bad');
      writeFileSync(kubeconfig, text);
      const error = await problem({ kubeconfig });
      expect(error).to.include({ code: 'BAD_KUBECONFIG', blame: 'usage' });
      expect(error.message).to.contain(kubeconfig);
    });
  }

  it('must have the context, and says which it has', async () => {
    const kubeconfig = write('one', ['blue', 'green'], 'green');
    const error = await problem({ kubeconfig, context: 'red' });
    expect(error).to.include({ code: 'BAD_KUBECONFIG', blame: 'usage' });
    expect(error.message).to.contain('"red"').and.contain('blue, green');
    expect(error.message).to.not.contain('secret');
  });

  it('must have the cluster of the context', async () => {
    const kubeconfig = join(folder, 'half');
    const contexts = [{ name: 'blue', context: { cluster: 'gone', user: 'gone' } }];
    writeFileSync(kubeconfig, stringify({ apiVersion: 'v1', kind: 'Config', clusters: [], users: [], contexts }));
    expect((await problem({ kubeconfig, context: 'blue' })).message).to.contain('names a cluster that is not in it');
  });
});
