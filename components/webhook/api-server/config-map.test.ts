import { expect } from 'chai';
import { configMapIdentities, parseConfigMap } from './config-map.ts';

describe('parseConfigMap', () => {
  it('parses entries by namespace and service account', () => {
    const config =
      '{"ns/app":{"RoleARN":"r","Audience":"a","UseRegionalSTS":true,"TokenExpiration":3600},"*/any":{"roleArn":"s"}}';
    expect([...(parseConfigMap(config, 86_400n) ?? [])]).to.deep.equal([
      ['ns/app', { roleArn: 'r', audience: 'a', regionalSts: true, tokenExpiration: 3600n }],
      ['*/any', { roleArn: 's', audience: '', regionalSts: false, tokenExpiration: 86_400n }],
    ]);
  });

  for (const config of ['', '{', '[]', '{"ns/app":5}', '{"app":{}}']) {
    it(`returns undefined for ${JSON.stringify(config)}`, () => {
      expect(parseConfigMap(config, 86_400n)).to.equal(undefined);
    });
  }
});

describe('configMapIdentities', () => {
  it('follows the config map, and keeps the previous identities if it is invalid', () => {
    let config: string | undefined;
    const logged: string[] = [];
    const identities = configMapIdentities(
      () => config,
      86_400n,
      (line) => logged.push(line),
    );
    const roleOf = (key: string) => identities.get(key)?.roleArn;
    expect(roleOf('ns/app')).to.equal(undefined);
    config = '{"ns/app":{"RoleARN":"first"},"ns/old":{"RoleARN":"old"}}';
    expect([roleOf('ns/app'), roleOf('ns/old')]).to.deep.equal(['first', 'old']);
    config = '{"ns/app":{"RoleARN":"second"}}';
    expect([roleOf('ns/app'), roleOf('ns/old')]).to.deep.equal(['second', undefined]);
    for (const unread of ['{', undefined]) {
      config = unread;
      expect(roleOf('ns/app')).to.equal('second');
    }
    expect(logged).to.deep.equal(['The config map pod-identity-webhook cannot be read.']);
  });
});
