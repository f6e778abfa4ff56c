import { expect } from 'chai';
import { settingsOf, type ServiceAccount } from '../options.ts';
import { lookUp, type LookUpOptions } from './look-up.ts';

const APP: ServiceAccount = { annotations: { 'eks.amazonaws.com/role-arn': 'role' } };

async function roleFound(options: LookUpOptions, associated = false): Promise<string | undefined> {
  const known = await lookUp('ns', 'app', associated, options, settingsOf(options));
  return known.annotated?.roleArn;
}

describe('lookUp', () => {
  it('takes what the cache has', async () => {
    const fetch = () => Promise.reject(new Error('asked'));
    expect(await roleFound({ serviceAccounts: { get: () => APP, fetch } })).to.equal('role');
  });

  it('asks for one that the cache does not have', async () => {
    const serviceAccounts = { get: () => undefined, fetch: () => Promise.resolve(APP) };
    expect(await roleFound({ serviceAccounts })).to.equal('role');
    expect(await roleFound({ serviceAccounts: { get: () => undefined } })).to.equal(undefined);
  });

  it('asks neither for one with an association nor for one in the config map', async () => {
    const fetch = () => Promise.reject(new Error('asked'));
    const options = { serviceAccounts: { get: () => undefined, fetch } };
    expect(await roleFound(options, true)).to.equal(undefined);
    const configured = { roleArn: 'r', audience: '', regionalSts: false, tokenExpiration: 600n };
    for (const key of ['ns/app', '*/app'])
      expect(await roleFound({ ...options, configuredIdentities: new Map([[key, configured]]) })).to.equal(undefined);
  });
});
