import { GetRoleCommand, IAMClient, ListAttachedRolePoliciesCommand, ListRolesCommand } from '@aws-sdk/client-iam';
import { expect } from 'chai';
import { startEmulator, type Emulator } from '../../emulator/index.ts';
import { RUN_TAG } from '../../foundation/aws/tags.ts';
import { makeRole, NODE_ROLE } from './roles.ts';
import { FAST } from '../../test/support/eks-cluster.ts';
import { Resources } from '../../foundation/aws/resources.ts';

describe("clusters' roles", () => {
  let emulator: Emulator;
  let iam: IAMClient;
  beforeEach(async () => {
    emulator = await startEmulator();
    const { endpoint, region, administrator } = emulator;
    const { accessKeyId, secretAccessKey } = administrator;
    iam = new IAMClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
  });
  afterEach(() => {
    iam.destroy();
    return emulator.close();
  });

  it('are deleted once EKS has removed them from its instance profile, even long after the cluster', async () => {
    let held = 3;
    iam.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName === 'DeleteRoleCommand' && (held -= 1) >= 0)
            throw Object.assign(new Error('Cannot delete entity, must remove roles from instance profile first.'), {
              name: 'DeleteConflictException',
            });
          return next(args);
        },
      { step: 'initialize' },
    );
    const resources = new Resources();
    // The timeout of new roles must not apply to a deletion.
    const timing = { ...FAST, role: 0, inUse: 20_000 };
    const context = {
      name: 'a',
      iam,
      resources,
      tags: {},
      timing,
      signal: new AbortController().signal,
    };
    await makeRole({ name: 'a-node', ...NODE_ROLE }, context);
    await resources.remove();
    expect(held).to.equal(-1);
  });

  for (const [what, name, status, times, made] of [
    ['is found even if IAM does not know it yet', 'NoSuchEntityException', 404, 2, true],
    ['is deleted even if IAM denies reading it', 'AccessDenied', 403, Infinity, false],
  ] as const)
    it(`a role whose response was lost ${what}`, async () => {
      let left: number = times;
      iam.middlewareStack.add(
        (next, { commandName }) =>
          async (args) => {
            const failing = (failed: string, httpStatusCode: number, attempts: number): Error =>
              Object.assign(new Error(failed), { name: failed, $metadata: { httpStatusCode, attempts } });
            if (commandName === 'GetRoleCommand' && (left -= 1) >= 0) throw failing(name, status, 1);
            const answer = await next(args);
            if (commandName === 'CreateRoleCommand') throw failing('EntityAlreadyExistsException', 409, 2);
            return answer;
          },
        { step: 'initialize' },
      );
      const resources = new Resources();
      const tags = { [RUN_TAG]: 'c0ffee1' };
      const context = {
        name: 'a',
        iam,
        resources,
        tags,
        timing: FAST,
        signal: new AbortController().signal,
      };
      const arn = await makeRole({ name: 'a-node', ...NODE_ROLE }, context).catch((error: Error) => error.name);
      expect(arn).to.match(made ? /:role\/a-node$/ : /^EntityAlreadyExistsException$/);
      await resources.remove();
      expect((await iam.send(new ListRolesCommand({}))).Roles).to.deep.equal([]);
    });

  it('get their policies even if IAM does not know the role yet, and are deleted with them', async () => {
    let unknown = 4;
    iam.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName === 'AttachRolePolicyCommand' && (unknown -= 1) >= 0)
            throw Object.assign(new Error('The role with name a-node cannot be found.'), {
              name: 'NoSuchEntityException',
            });
          return next(args);
        },
      { step: 'initialize' },
    );
    const resources = new Resources();
    const context = {
      name: 'a',
      iam,
      resources,
      tags: {},
      timing: FAST,
      signal: new AbortController().signal,
    };
    expect(await makeRole({ name: 'a-node', ...NODE_ROLE }, context)).to.match(/:role\/a-node$/);
    const { AttachedPolicies = [] } = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName: 'a-node' }));
    expect(AttachedPolicies.map(({ PolicyName }) => PolicyName)).to.have.members(NODE_ROLE.policies);
    await resources.remove();
    const role = await iam.send(new GetRoleCommand({ RoleName: 'a-node' })).catch((error: Error) => error.name);
    expect(role).to.equal('NoSuchEntityException');
  });
});
