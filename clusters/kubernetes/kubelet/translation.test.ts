import { mkdtempSync, rmSync } from 'node:fs';
import { expect } from 'chai';
import { translator } from './translation.ts';

describe('the translation of paths and addresses', () => {
  const translate = translator(
    '/pods/1',
    ['/data', '/var/run/token', '/data/deep/'],
    [
      { inPod: 'http://169.254.170.23', here: 'http://127.0.0.1:1' },
      { inPod: 'http://[fd00:ec2::23]', here: 'http://127.0.0.1:2' },
      { inPod: 'http://169.254.169.254', here: 'http://127.0.0.1:3' },
      { inPod: 'http://[fd00:ec2::254]', here: 'http://127.0.0.1:3' },
    ],
  );
  for (const [given, expected] of [
    ['/data', '/pods/1/data'],
    ['/data/x', '/pods/1/data/x'],
    ['/data/deep/x', '/pods/1/data/deep/x'],
    ['--file=/var/run/token/t', '--file=/pods/1/var/run/token/t'],
    ['/data/a:/data/b', '/pods/1/data/a:/pods/1/data/b'],
    ['file:///data/x', 'file:///pods/1/data/x'],
    ['{"path":"/data"}', '{"path":"/pods/1/data"}'],
    ['/data2/x', '/data2/x'],
    ['/data.txt', '/data.txt'],
    ['/other/data/x', '/other/data/x'],
    ['s3://bucket/data/x', 's3://bucket/data/x'],
    ['https://host.test/data/x', 'https://host.test/data/x'],
    ['http://169.254.170.23/v1/credentials', 'http://127.0.0.1:1/v1/credentials'],
    ['http://169.254.170.23:80/v1/credentials', 'http://127.0.0.1:1/v1/credentials'],
    ['http://169.254.170.23', 'http://127.0.0.1:1'],
    ['http://169.254.170.231/', 'http://169.254.170.231/'],
    ['http://169.254.170.23:8080/', 'http://169.254.170.23:8080/'],
    ['https://169.254.170.23/', 'https://169.254.170.23/'],
    ['http://[fd00:ec2::23]/v1/credentials', 'http://127.0.0.1:2/v1/credentials'],
    ['http://169.254.169.254/latest', 'http://127.0.0.1:3/latest'],
    ['http://[fd00:ec2::254]', 'http://127.0.0.1:3'],
    ['169.254.170.23', '169.254.170.23'],
    ['/tmp', '/pods/1/tmp'],
    ['--cache=/tmp/no-such-entry/x', '--cache=/pods/1/tmp/no-such-entry/x'],
    ['/var/tmp/x', '/var/tmp/x'],
  ] as const) {
    it(`converts ${given} to ${expected}`, () => expect(translate(given)).to.equal(expected));
  }

  it('keeps paths below /tmp that exist on this machine, unless /tmp is mounted', () => {
    const entry = mkdtempSync('/tmp/translation-');
    try {
      expect(translate(`{"a":"${entry}/b"}`)).to.equal(`{"a":"${entry}/b"}`);
      expect(translator('/pods/1', ['/tmp'], [])(`${entry}/b`)).to.equal(`/pods/1${entry}/b`);
    } finally {
      rmSync(entry, { recursive: true });
    }
  });
});
