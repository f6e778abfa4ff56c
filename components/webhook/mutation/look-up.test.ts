import { expect } from 'chai';
import { settingsOf, type ServiceAccount } from '../options.ts';
import { lookUp, type LookUpOptions } from './look-up.ts';

const APP: ServiceAccount = { namespace: 'ns', name: 'app', annotations: { 'eks.amazonaws.com/role-arn': 'role' } };

async function roleFound(options: LookUpOptions, associated = false): Promise<string | undefined> {
  const known = await lookUp('ns', 'app', associated, options, settingsOf(options));
  return known.annotated?.roleArn;
}

describe('lookUp', () => {
  it('does not ask the API server without a grace period', async () => {
    let asked = 0;
    const fetch = () => Promise.resolve((asked++, APP));
    expect(await roleFound({ serviceAccounts: { get: () => undefined, fetch } })).to.equal(undefined);
    expect(asked).to.equal(0);
  });

  it('takes what the API server answers within the grace period', async () => {
    const serviceAccounts = { get: () => undefined, fetch: () => Promise.resolve(APP) };
    expect(await roleFound({ serviceAccounts, serviceAccountLookupGracePeriod: 5000 })).to.equal('role');
  });

  it('takes what the cache learns within the grace period, even when the API server fails', async () => {
    let looks = 0;
    const serviceAccounts = {
      get: () => (++looks > 3 ? APP : undefined),
      fetch: () => Promise.reject(new Error('down')),
    };
    expect(await roleFound({ serviceAccounts, serviceAccountLookupGracePeriod: 5000 })).to.equal('role');
  });

  it('gives up after the grace period', async () => {
    const serviceAccounts = { get: () => undefined, fetch: () => new Promise<undefined>(() => undefined) };
    expect(await roleFound({ serviceAccounts, serviceAccountLookupGracePeriod: 20 })).to.equal(undefined);
  });

  it('waits neither for one with an association nor for one in the config map', async () => {
    const fetch = () => Promise.reject(new Error('asked'));
    const options = { serviceAccounts: { get: () => undefined, fetch }, serviceAccountLookupGracePeriod: 600_000 };
    expect(await roleFound(options, true)).to.equal(undefined);
    const configured = { roleArn: 'r', audience: '', regionalSts: false, tokenExpiration: 600n };
    expect(await roleFound({ ...options, configuredIdentities: new Map([['*/app', configured]]) })).to.equal(undefined);
  });
});
