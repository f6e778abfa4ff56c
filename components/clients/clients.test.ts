import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { CLIENTS } from './registry.ts';

describe('the clients', () => {
  it('have names, versions and documentation', () => {
    expect(new Set(CLIENTS.map(({ name }) => name)).size).to.equal(CLIENTS.length);
    for (const { name, versions, documentation } of CLIENTS) {
      expect(name).to.match(/^[a-z][a-z0-9-]*$/);
      for (const version of Object.values(versions)) expect(version, name).to.match(/^\d[\w.+-]*$/);
      expect(documentation.protocol, name).to.equal('https:');
    }
  });

  it('include the built-in version of the SDK for JavaScript', () => {
    const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      devDependencies: Record<string, string>;
    };
    const javascript = CLIENTS.find(({ name }) => name === 'javascript');
    expect(javascript?.versions.newest).to.equal(devDependencies['@aws-sdk/client-s3']);
  });
});
