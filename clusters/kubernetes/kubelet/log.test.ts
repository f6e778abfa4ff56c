import { expect } from 'chai';
import { ContainerLog } from './log.ts';

describe('ContainerLog', () => {
  it('copies the written bytes instead of keeping their buffer', () => {
    const log = new ContainerLog();
    const received = Buffer.from('one\ntwo\n');
    log.append(received.subarray(0, 4));
    received.fill('x');
    log.append(Buffer.from('three\n'));
    expect(log.text()).to.equal('one\nthree\n');
  });
});
