import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../../go/flags.ts';
import { accessOf } from './access.ts';

const KUBECONFIG = `
clusters: [{ name: c, cluster: { server: 'https://127.0.0.1:1' } }]
users: [{ name: u, user: { token: t0ken } }]
contexts: [{ name: x, context: { cluster: c, user: u } }]
`;

describe("the webhook's access to the API server", () => {
  let folder: string;
  let kubeconfig: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'access-'));
    kubeconfig = join(folder, 'config');
    writeFileSync(kubeconfig, `${KUBECONFIG}current-context: x\n`);
  });
  after(() => rmSync(folder, { recursive: true }));

  it('uses the current context, with the given address if any', () => {
    const config = accessOf({ kubeconfig, 'kube-api': '' }, {});
    expect([config.getCurrentCluster()?.server, config.getCurrentUser()?.token]).to.eql([
      'https://127.0.0.1:1',
      't0ken',
    ]);
    const elsewhere = accessOf({ kubeconfig, 'kube-api': 'http://127.0.0.1:2' }, {});
    expect(elsewhere.getCurrentCluster()?.server).to.equal('http://127.0.0.1:2');
    expect(elsewhere.getCurrentUser()?.token).to.equal('t0ken');
  });

  it('may use an address without credentials', () => {
    const config = accessOf({ kubeconfig: '', 'kube-api': 'http://127.0.0.1:2' }, {});
    expect(config.getCurrentCluster()?.server).to.equal('http://127.0.0.1:2');
    expect(config.getCurrentUser()?.token).to.equal(undefined);
  });

  it('is rejected without a server, and the error names the flags', () => {
    const nowhere = join(folder, 'nowhere');
    expect(() => accessOf({ kubeconfig: nowhere, 'kube-api': '' }, {})).to.throw(UsageError, nowhere);
    const without = join(folder, 'without');
    writeFileSync(without, KUBECONFIG);
    expect(() => accessOf({ kubeconfig: without, 'kube-api': '' }, {})).to.throw(UsageError, 'no current context');
    expect(() => accessOf({ kubeconfig: '', 'kube-api': '' }, {})).to.throw(UsageError, '--kube-api or --kubeconfig');
  });
});
