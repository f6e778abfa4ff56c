import { expect } from 'chai';
import { parseConfigMap } from './config-map.ts';

describe('parseConfigMap', () => {
  it('reads entries by namespace and service account', () => {
    const config =
      '{"ns/app":{"RoleARN":"r","Audience":"a","UseRegionalSTS":true,"TokenExpiration":3600},"*/any":{"roleArn":"s"}}';
    expect([...(parseConfigMap(config, 86_400n) ?? [])]).to.deep.equal([
      ['ns/app', { roleArn: 'r', audience: 'a', regionalSts: true, tokenExpiration: 3600n }],
      ['*/any', { roleArn: 's', audience: '', regionalSts: false, tokenExpiration: 86_400n }],
    ]);
  });

  for (const config of ['', '{', '[]', '{"ns/app":5}', '{"app":{}}']) {
    it(`cannot read ${JSON.stringify(config)}`, () => {
      expect(parseConfigMap(config, 86_400n)).to.equal(undefined);
    });
  }
});
