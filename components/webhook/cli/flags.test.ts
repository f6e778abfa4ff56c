import { expect } from 'chai';
import { UsageError } from '../../go/flags.ts';
import { parseWebhookFlags } from './flags.ts';

describe('parseWebhookFlags', () => {
  it("returns the webhook's defaults", () => {
    const flags = parseWebhookFlags([]);
    expect(flags).to.include({ port: 443, 'token-expiration': 86_400, 'in-cluster': true });
    expect(flags['container-credentials-full-uri']).to.equal('http://169.254.170.23/v1/credentials');
  });

  it('accepts values after an equals sign or a space, and booleans without a value', () => {
    const flags = parseWebhookFlags([
      '--in-cluster=false',
      '--port',
      '8443',
      '--sts-regional-endpoint',
      '--aws-default-region=eu-west-1',
      '--service-account-lookup-grace-period=100ms',
      '-v=4',
    ]);
    expect(flags).to.include({ 'in-cluster': false, port: 8443, 'sts-regional-endpoint': true });
    expect(flags).to.include({ 'aws-default-region': 'eu-west-1', 'service-account-lookup-grace-period': 100, v: 4 });
  });

  for (const args of [
    ['--wonder'],
    ['--port'],
    ['--port=x'],
    ['--in-cluster=maybe'],
    ['word'],
    ['--resync-period=5'],
  ]) {
    it(`rejects ${args.join(' ')}`, () => {
      expect(() => parseWebhookFlags(args)).to.throw(UsageError);
    });
  }
});

describe("the webhook's listening address", () => {
  it('is set by the flag, or else by WEBHOOK_HOST, or else is loopback', () => {
    const WEBHOOK_HOST = '0.0.0.0';
    expect(parseWebhookFlags([]).host).to.equal('127.0.0.1');
    expect(parseWebhookFlags([], { WEBHOOK_HOST: '' }).host).to.equal('127.0.0.1');
    expect(parseWebhookFlags([], { WEBHOOK_HOST }).host).to.equal('0.0.0.0');
    expect(parseWebhookFlags(['--host=::1'], { WEBHOOK_HOST }).host).to.equal('::1');
  });
});
