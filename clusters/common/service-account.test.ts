import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { serviceAccountConfig } from './service-account.ts';

describe("the kubeconfig of a pod's service account", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'service-account-'))));
  afterEach(() => rmSync(folder, { recursive: true }));
  const IN_POD = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };

  it('names the API server, and reads the token on each use', async () => {
    for (const name of ['token', 'ca.crt']) writeFileSync(join(folder, name), `the ${name}`);
    const config = serviceAccountConfig(folder, IN_POD);
    expect(config.getCurrentCluster()).to.include({ server: 'https://10.96.0.1:443', caFile: join(folder, 'ca.crt') });
    const options: { headers?: Record<string, string> } = {};
    await config.applyToHTTPSOptions(options);
    expect(options.headers).to.deep.equal({ Authorization: 'Bearer the token' });
    const ipv6 = serviceAccountConfig(folder, { ...IN_POD, KUBERNETES_SERVICE_HOST: 'fd00::1' });
    expect(ipv6.getCurrentCluster()?.server).to.equal('https://[fd00::1]:443');
  });

  it('is rejected outside a pod, and if the folder has no token', () => {
    expect(() => serviceAccountConfig(folder, {})).to.throw(/KUBERNETES_SERVICE_HOST .* are not set/);
    expect(() => serviceAccountConfig(folder, IN_POD)).to.throw(/\/token does not exist\. Name the folder/);
  });
});
