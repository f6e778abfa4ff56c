import { UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam';
import { expect } from 'chai';
import { delays, testTime } from '../../test/support/emulator/time.ts';
import { POD_TRUST, policy, trust } from '../../test/support/emulator/roles.ts';
import { eksAuthFixture, outcome, UNASSUMABLE } from '../../test/support/emulator/eks-auth.ts';

describe('the EKS Auth emulator with IAM propagation', () => {
  const pod = eksAuthFixture();

  it('still assumes a role until the change of its trust policy has propagated', async () => {
    const time = testTime();
    const settings = delays({ iam: 10_000 });
    await pod.start({ settings, uptime: time }, () => time.pass(10_000));
    await pod.associate();
    const change = (statement: object) =>
      pod.cloud.iam().send(
        new UpdateAssumeRolePolicyCommand({
          RoleName: 'app',
          PolicyDocument: policy(statement as Record<string, unknown>),
        }),
      );
    const assume = async () => pod.assume({ token: await pod.sign() });
    await change(trust('ec2.amazonaws.com'));
    time.pass(9999);
    expect((await assume()).status).to.equal(200);
    time.pass(1);
    expect(outcome(await assume())).to.deep.include({ status: 400, message: UNASSUMABLE });
    await change(POD_TRUST);
    expect((await assume()).status).to.equal(400);
    time.pass(10_000);
    expect((await assume()).status).to.equal(200);
  });
});
