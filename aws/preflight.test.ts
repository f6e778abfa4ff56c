import { expect } from 'chai';
import { HarnessError } from '../foundation/node/errors.ts';
import { checkUser } from './preflight.ts';

const ROOT = 'arn:aws:iam::111122223333:root';

describe("the credentials' user", () => {
  it('is not the root user of an account of AWS', () => {
    expect(() => checkUser(ROOT, true))
      .to.throw(HarnessError, `those of the root user (${ROOT})`)
      .with.property('exitCode', 2);
  });

  it('may be the root user of an emulator, and any other', () => {
    checkUser(ROOT, false);
    checkUser('arn:aws:sts::111122223333:assumed-role/nightly/job', true);
    checkUser('arn:aws:iam::111122223333:user/root', true);
  });
});
