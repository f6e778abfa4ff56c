import { expect } from 'chai';
import { agentSettings } from './agent-settings.ts';

/** The agent requires this flag. */
const CLUSTER = ['--cluster-name', 'c'];

describe('agent settings', () => {
  for (const [args, settings] of [
    [['--port', '80', '-v', 'trace'], { families: ['v4', 'v6'] }],
    [['-b', '169.254.170.23'], { families: ['v4'] }],
    [['--bind-hosts=[fd00:ec2::23]', '-b', '169.254.170.23'], { families: ['v6', 'v4'] }],
    [
      ['--max-credential-retention-before-renewal', '1m30s', '--max-service-qps=7', '--rotate-credentials'],
      { families: ['v4', 'v6'], maxCredentialRetentionBeforeRenewal: 90_000, maxServiceQps: 7 },
    ],
    [
      ['--max-credential-retention-before-renewal', '0'],
      { families: ['v4', 'v6'], maxCredentialRetentionBeforeRenewal: 0 },
    ],
    [['--endpoint', 'http://127.0.0.1:1'], { families: ['v4', 'v6'], endpoint: 'http://127.0.0.1:1' }],
  ] as const) {
    it(`parse ${args.join(' ')}`, () => expect(agentSettings([...CLUSTER, ...args])).to.deep.equal(settings));
  }

  for (const [args, message] of [
    [['--no-such-flag', 'x'], 'unknown flag: --no-such-flag'],
    [['-b', '10.0.0.1'], 'cannot assign requested address'],
    [['--max-cache-size', 'many'], 'invalid argument "many"'],
    [['--max-credential-retention-before-renewal', '3 hours'], 'invalid argument "3 hours"'],
    [['--max-cache-size'], 'flag needs an argument'],
  ] as const) {
    it(`reject ${args.join(' ')}`, () => expect(() => agentSettings([...CLUSTER, ...args])).to.throw(message));
  }
});
