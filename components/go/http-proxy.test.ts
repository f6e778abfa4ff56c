import { expect } from 'chai';
import { proxyFromEnvironment } from './http-proxy.ts';

const EKS_AUTH = 'https://eks-auth.us-west-2.api.aws/clusters/c1';

describe('proxyFromEnvironment', () => {
  const cases: [title: string, env: Record<string, string>, url: string, proxy: string | undefined][] = [
    ['has no proxy without variables', {}, EKS_AUTH, undefined],
    ['uses HTTPS_PROXY for https', { HTTPS_PROXY: 'http://p:3128' }, EKS_AUTH, 'http://p:3128/'],
    ['ignores HTTP_PROXY for https', { HTTP_PROXY: 'http://p:3128' }, EKS_AUTH, undefined],
    ['uses HTTP_PROXY for http', { HTTP_PROXY: 'http://p' }, 'http://a.test/', 'http://p/'],
    ['reads lower-case names', { https_proxy: 'http://p' }, EKS_AUTH, 'http://p/'],
    ['prefers upper-case names', { https_proxy: 'http://low', HTTPS_PROXY: 'http://up' }, EKS_AUTH, 'http://up/'],
    ['ignores ALL_PROXY', { ALL_PROXY: 'http://p' }, EKS_AUTH, undefined],
    ['adds http to a host and port', { HTTPS_PROXY: 'p:3128' }, EKS_AUTH, 'http://p:3128/'],
    ['never applies to localhost', { HTTP_PROXY: 'http://p' }, 'http://localhost:1/', undefined],
    ['never applies to 127.0.0.0/8', { HTTP_PROXY: 'http://p' }, 'http://127.9.9.9/', undefined],
    ['never applies to ::1', { HTTP_PROXY: 'http://p' }, 'http://[::1]/', undefined],
  ];
  for (const [title, env, url, proxy] of cases)
    it(title, () => expect(proxyFromEnvironment(env, new URL(url))?.href).to.equal(proxy));

  const excluded: [noProxy: string, url: string, isExcluded: boolean][] = [
    ['*', EKS_AUTH, true],
    ['api.aws', EKS_AUTH, true],
    ['.api.aws', EKS_AUTH, true],
    ['*.api.aws', EKS_AUTH, true],
    ['.eks-auth.us-west-2.api.aws', EKS_AUTH, false],
    ['pi.aws', EKS_AUTH, false],
    ['other.test, API.AWS:443', EKS_AUTH, true],
    ['api.aws:80', EKS_AUTH, false],
    ['10.0.0.0/8', 'https://10.1.2.3/', true],
    ['10.0.0.0/8', 'https://11.1.2.3/', false],
    ['10.1.2.3', 'https://10.1.2.3/', true],
    ['10.1.2.3:8080', 'https://10.1.2.3/', false],
    ['fd00::/8', 'https://[fd00::1]/', true],
    ['fd00::1', 'https://[fd00::1]/', true],
    ['', EKS_AUTH, false],
  ];
  for (const [noProxy, url, isExcluded] of excluded)
    it(`NO_PROXY "${noProxy}" ${isExcluded ? 'excludes' : 'does not exclude'} ${new URL(url).hostname}`, () => {
      const found = proxyFromEnvironment({ HTTPS_PROXY: 'http://p', NO_PROXY: noProxy }, new URL(url));
      expect(found === undefined).to.equal(isExcluded);
    });

  it('rejects an invalid proxy URL', () =>
    expect(() => proxyFromEnvironment({ HTTPS_PROXY: 'http://[' }, new URL(EKS_AUTH))).to.throw(
      'invalid proxy address "http://["',
    ));
});
