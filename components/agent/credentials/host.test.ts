import { expect } from 'chai';
import { hostRefusal } from './handler.ts';

describe('hostRefusal', () => {
  for (const host of [
    '169.254.170.23',
    '169.254.170.23:80',
    '169.254.170.23:',
    '[169.254.170.23]',
    'fd00:ec2::23',
    '[fd00:ec2::23]',
    '[fd00:ec2::23]:80',
  ]) {
    it(`accepts ${host}`, () => {
      expect(hostRefusal(host)).to.equal(undefined);
    });
  }

  const refused: [host: string, named: string][] = [
    ['localhost', 'localhost'],
    ['127.0.0.1:8080', '127.0.0.1'],
    ['', ''],
    ['169.254.170.23.', '169.254.170.23.'],
    ['169.254.170.23:80:80', '169.254.170.23:80:80'],
    ['FD00:EC2::23', 'FD00:EC2::23'],
    ['[::1]:80', '::1'],
    ['[]', ''],
  ];
  for (const [host, named] of refused) {
    it(`rejects ${JSON.stringify(host)}`, () => {
      expect(hostRefusal(host)).to.match(/^Access Denied\. .*\[169\.254\.170\.23 fd00:ec2::23\] address not /);
      expect(hostRefusal(host)?.endsWith(` not ${named}`)).to.equal(true);
    });
  }
});
