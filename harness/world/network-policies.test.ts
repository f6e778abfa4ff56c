import { expect } from 'chai';
import { egressRules } from './network-policies.ts';

describe('a network policy of a workload', () => {
  const agent = { to: [{ ipBlock: { cidr: '169.254.170.23/32' } }], ports: [{ protocol: 'TCP', port: 80 }] };

  it('allows nothing for an empty egress list', () =>
    expect(egressRules([], 'http://172.18.0.1:4566')).to.deep.equal([]));
  it('allows the agent by its address', () => expect(egressRules(['agent'], undefined)).to.deep.equal([agent]));

  for (const [endpoint, cidr, port] of [
    ['http://172.18.0.1:4566', '172.18.0.1/32', 4566],
    ['https://172.18.0.1', '172.18.0.1/32', 443],
    ['http://[fd00::1]', 'fd00::1/128', 80],
  ] as const)
    it(`allows AWS at ${endpoint} by its address`, () =>
      expect(egressRules(['agent', 'aws'], endpoint)).to.deep.equal([
        agent,
        { to: [{ ipBlock: { cidr } }], ports: [{ protocol: 'TCP', port }] },
      ]));

  for (const endpoint of ['https://example.com', undefined])
    it(`allows DNS if AWS has a host name (${endpoint ?? 'AWS itself'})`, () =>
      expect(egressRules(['aws'], endpoint)).to.deep.equal([
        { ports: [{ protocol: 'TCP', port: 443 }] },
        {
          ports: [
            { protocol: 'UDP', port: 53 },
            { protocol: 'TCP', port: 53 },
          ],
        },
      ]));
});
