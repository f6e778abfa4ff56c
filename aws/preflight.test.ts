import { expect } from 'chai';
import { HarnessError } from '../foundation/node/errors.ts';
import { checkUser } from './preflight.ts';

const ROOT = 'arn:aws:iam::111122223333:root';

describe('checkUser', () => {
  it('rejects the root user of an AWS account', () => {
    expect(() => checkUser(ROOT, true))
      .to.throw(HarnessError, `belong to the root user (${ROOT})`)
      .with.property('exitCode', 2);
  });

  it("accepts an emulator's root user and all other users", () => {
    checkUser(ROOT, false);
    checkUser('arn:aws:sts::111122223333:assumed-role/nightly/job', true);
    checkUser('arn:aws:iam::111122223333:user/root', true);
  });
});
