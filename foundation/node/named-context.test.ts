import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { stringify } from 'yaml';
import { readContext } from './named-context.ts';
import { rejection } from '../../test/support/kind.ts';

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

  it('is read from the given file, with its current context', () => {
    const kubeconfig = write('one', ['blue', 'green'], 'green');
    const { config, context, files } = readContext({ kubeconfig }, { KUBECONFIG: '/nonexistent' });
    expect({ context, files }).to.deep.equal({ context: 'green', files: kubeconfig });
    expect(config.getCurrentCluster()).to.include({ server: 'https://green', caFile: join(folder, 'ca.crt') });
  });

  it('rejects a proxy that is not supported, without its password', async () => {
    const kubeconfig = write('one', ['blue'], 'blue');
    const text = readFileSync(kubeconfig, 'utf8').replace(
      'server:',
      'proxy-url: socks5://me:hidden@proxy\n      server:',
    );
    writeFileSync(kubeconfig, text);
    const { code, message } = await problem({ kubeconfig });
    expect(code).to.equal('BAD_KUBECONFIG');
    expect(message).to.match(/^The proxy-url of context blue of .* is not supported\. Use an http or https URL\.$/);
    expect(message).not.to.contain('hidden');
  });

  it('uses the given context', () => {
    const kubeconfig = write('one', ['blue', 'green'], 'green');
    const { config } = readContext({ kubeconfig, context: 'blue' });
    expect(config.getCurrentCluster()).to.include({ server: 'https://blue' });
  });

  it('is merged from the files of KUBECONFIG by default', () => {
    const KUBECONFIG = `${write('one', ['blue'], 'blue')}:${write('two', ['green'], 'green')}`;
    expect(readContext({}, { KUBECONFIG })).to.include({ context: 'blue', files: KUBECONFIG });
    expect(readContext({ context: 'green' }, { KUBECONFIG }).config.getCurrentCluster()).to.include({
      server: 'https://green',
    });
  });

  it('is rejected if the file does not exist', async () => {
    const error = await problem({ kubeconfig: join(folder, 'none') });
    expect(error).to.include({ code: 'BAD_KUBECONFIG', blame: 'usage' });
    expect(error.message).to.contain(`${join(folder, 'none')} does not exist`);
  });

  it('is rejected if the file is unreadable', async () => {
    expect((await problem({ kubeconfig: folder })).message).to.contain('cannot be read (EISDIR)');
  });

  for (const text of ['', '[', '"text"', '{"clusters": 1}']) {
    it(`is rejected if the file contains ${JSON.stringify(text)}`, async () => {
      const kubeconfig = join(folder, 'bad');
      writeFileSync(kubeconfig, text);
      const error = await problem({ kubeconfig });
      expect(error).to.include({ code: 'BAD_KUBECONFIG', blame: 'usage' });
      expect(error.message).to.contain(kubeconfig);
    });
  }

  it('is rejected without the given context; the error lists the available ones', async () => {
    const kubeconfig = write('one', ['blue', 'green'], 'green');
    const error = await problem({ kubeconfig, context: 'red' });
    expect(error).to.include({ code: 'BAD_KUBECONFIG', blame: 'usage' });
    expect(error.message).to.contain('"red"').and.contain('blue, green');
    expect(error.message).to.not.contain('secret');
  });

  it("is rejected without the context's cluster", async () => {
    const kubeconfig = join(folder, 'half');
    const contexts = [{ name: 'blue', context: { cluster: 'gone', user: 'gone' } }];
    writeFileSync(kubeconfig, stringify({ apiVersion: 'v1', kind: 'Config', clusters: [], users: [], contexts }));
    expect((await problem({ kubeconfig, context: 'blue' })).message).to.contain('refers to an undefined cluster');
  });
});
