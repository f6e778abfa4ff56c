import { expect } from 'chai';
import { settingsOf, type ServiceAccount } from '../options.ts';
import { lookUp, type LookUpOptions } from './look-up.ts';

const APP: ServiceAccount = { annotations: { 'eks.amazonaws.com/role-arn': 'role' } };

async function roleFound(options: LookUpOptions, associated = false): Promise<string | undefined> {
  const known = await lookUp('ns', 'app', associated, options, settingsOf(options));
  return known.annotated?.roleArn;
}

describe('lookUp', () => {
  it('returns a cached service account without a fetch', async () => {
    const fetch = () => Promise.reject(new Error('unexpected fetch'));
    expect(await roleFound({ serviceAccounts: { get: () => APP, fetch } })).to.equal('role');
  });

  it('fetches a service account that is not cached', async () => {
    const serviceAccounts = { get: () => undefined, fetch: () => Promise.resolve(APP) };
    expect(await roleFound({ serviceAccounts })).to.equal('role');
    expect(await roleFound({ serviceAccounts: { get: () => undefined } })).to.equal(undefined);
  });

  it('does not fetch a service account with an association or an entry in the config map', async () => {
    const fetch = () => Promise.reject(new Error('unexpected fetch'));
    const options = { serviceAccounts: { get: () => undefined, fetch } };
    expect(await roleFound(options, true)).to.equal(undefined);
    const configured = { roleArn: 'r', audience: '', regionalSts: false, tokenExpiration: 600n };
    for (const key of ['ns/app', '*/app'])
      expect(await roleFound({ ...options, configuredIdentities: new Map([[key, configured]]) })).to.equal(undefined);
  });
});
