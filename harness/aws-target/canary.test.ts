import { IAMClient, ListRolesCommand } from '@aws-sdk/client-iam';
import { STSClient } from '@aws-sdk/client-sts';
import { expect } from 'chai';
import { root as rootOf } from '../../test/support/emulator/iam.ts';
import { testSession } from '../../test/support/emulator/session.ts';
import type { Credentials, EmulatorSettings } from '../../emulator/index.ts';
import { startWithWorld } from '../../emulator/start.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import { IamCanary, type CanaryOptions } from './canary.ts';

/** Returns a new signal per call, because listeners of a shared signal that never fires would add up. */
const never = (): AbortSignal => new AbortController().signal;
const RUN = 'c1a2b3c';
const CANARY = `conformance-${RUN}-canary`;

interface Asked {
  readonly client: 'iam' | 'sts';
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** Returns an AWS with the given answers: an error's name, or undefined for a success. */
function stub(
  answer: (asked: Asked) => string | undefined,
  more: Partial<CanaryOptions> = {},
  httpStatusCode?: number,
): { readonly canary: IamCanary; readonly asked: Asked[]; readonly count: (name: string) => number } {
  const asked: Asked[] = [];
  const client = (name: 'iam' | 'sts'): unknown => ({
    send: async (command: { readonly constructor: { readonly name: string }; readonly input: object }) => {
      const call = { client: name, name: command.constructor.name, input: command.input as Asked['input'] };
      asked.push(call);
      const code = answer(call);
      if (code !== undefined)
        throw Object.assign(new Error('error of the stub'), { name: code, $metadata: { httpStatusCode } });
      return { Arn: 'arn:aws:sts::111122223333:assumed-role/nightly/harness' };
    },
  });
  const clients = { iam: client('iam') as IAMClient, sts: client('sts') as STSClient };
  const canary = new IamCanary({
    clients,
    run: RUN,
    accountId: '111122223333',
    tags: { 'conformance-run': RUN },
    pollMilliseconds: 1,
    ...more,
  });
  return { canary, asked, count: (name) => asked.filter((call) => call.name === `${name}Command`).length };
}

const failure = (work: Promise<unknown>): Promise<Error> =>
  work.then(
    () => expect.fail('no error was thrown'),
    (error: Error) => error,
  );

describe('the IAM canary', () => {
  it("is a role with the run's tags and boundary, which requires an external id", async () => {
    const { canary, asked } = stub(() => undefined, { permissionsBoundary: 'arn:boundary' });
    await canary.open();
    await canary.open();
    const made = asked.filter(({ name }) => name === 'CreateRoleCommand');
    expect(made).to.have.length(1);
    expect(made[0]?.input).to.deep.include({
      RoleName: CANARY,
      Tags: [{ Key: 'conformance-run', Value: RUN }],
      PermissionsBoundary: 'arn:boundary',
    });
    expect(made[0]?.input['AssumeRolePolicyDocument']).to.match(
      /"AWS":"arn:aws:iam::111122223333:root".*"sts:ExternalId":"[\da-f-]{36}"/,
    );
  });

  it('is changed, and assumed with the new external id until it succeeds several times in a row', async () => {
    const answers = ['AccessDenied', undefined, 'NoSuchEntityException', undefined, undefined, undefined];
    const { canary, asked, count } = stub(({ name }) => (name === 'AssumeRoleCommand' ? answers.shift() : undefined));
    await canary.waitForIam(never());
    expect(answers).to.deep.equal([]);
    expect(count('UpdateAssumeRolePolicy')).to.equal(1);
    const policy = asked.find(({ name }) => name === 'UpdateAssumeRolePolicyCommand')?.input['PolicyDocument'];
    for (const { input } of asked.filter(({ name }) => name === 'AssumeRoleCommand')) {
      expect(input['RoleArn']).to.equal(`arn:aws:iam::111122223333:role/${CANARY}`);
      expect(policy).to.contain(input['ExternalId']);
    }
  });

  it('is changed again if IAM does not know the role yet', async () => {
    const answers = ['NoSuchEntityException', 'ConcurrentModificationException', undefined];
    const { canary, count } = stub(({ name }) =>
      name === 'UpdateAssumeRolePolicyCommand' ? answers.shift() : undefined,
    );
    await canary.waitForIam(never());
    expect(count('UpdateAssumeRolePolicy')).to.equal(3);
  });

  it('is changed at most twice for any number of concurrent calls', async () => {
    const { canary, count } = stub(() => undefined);
    const first = canary.waitForIam(never());
    while (count('AssumeRole') === 0) await new Promise(setImmediate);
    await Promise.all([first, ...Array.from({ length: 100 }, () => canary.waitForIam(never()))]);
    expect(count('UpdateAssumeRolePolicy')).to.equal(2);
    expect(count('CreateRole')).to.equal(1);
  });

  it('is changed again for each later call', async () => {
    const { canary, asked } = stub(() => undefined, { inARow: 1 });
    await canary.waitForIam(never());
    await canary.waitForIam(never());
    const ids = asked.filter(({ name }) => name === 'AssumeRoleCommand').map(({ input }) => input['ExternalId']);
    expect(new Set(ids).size).to.equal(2);
  });

  it('fails after the bound with the awaited call and its last answer', async () => {
    const { canary } = stub(({ name }) => (name === 'AssumeRoleCommand' ? 'AccessDenied' : undefined), {
      boundSeconds: 0.02,
    });
    const error = await failure(canary.waitForIam(never()));
    expect(error).to.be.instanceOf(HarnessError).and.include({ code: 'FIXTURE_FAILED' });
    expect(error.message).to.contain(CANARY).and.contain('sts:AssumeRole').and.contain('AccessDenied');
    expect(error.message).to.contain('error of the stub');
  });

  for (const [operation, code] of [
    ['AssumeRole', 'ExpiredTokenException'],
    ['UpdateAssumeRolePolicy', 'AccessDenied'],
    ['CreateRole', 'LimitExceededException'],
  ] as const)
    it(`fails at once if ${operation} returns ${code}`, async () => {
      const { canary, count } = stub(({ name }) => (name === `${operation}Command` ? code : undefined));
      expect((await failure(canary.waitForIam(never()))).name).to.equal(code);
      expect(count(operation)).to.equal(1);
    });

  it('is used again after a failure', async () => {
    const answers = ['ExpiredTokenException', undefined, undefined, undefined];
    const { canary } = stub(({ name }) => (name === 'AssumeRoleCommand' ? answers.shift() : undefined));
    await failure(canary.waitForIam(never()));
    await canary.waitForIam(never());
    expect(answers).to.deep.equal([]);
  });

  it('stops waiting for an aborted caller only', async () => {
    let open = false;
    const { canary } = stub(({ name }) => (name === 'AssumeRoleCommand' && !open ? 'AccessDenied' : undefined));
    const stop = new AbortController();
    const stopped = failure(canary.waitForIam(stop.signal));
    const other = canary.waitForIam(never());
    stop.abort(new Error('interrupted'));
    expect((await stopped).message).to.equal('interrupted');
    open = true;
    await other;
  });

  it('is deleted with the run, which ends pending waits', async () => {
    const { canary, count } = stub(({ name }) => (name === 'AssumeRoleCommand' ? 'AccessDenied' : undefined));
    const waiting = failure(canary.waitForIam(never()));
    while (count('AssumeRole') === 0) await new Promise(setImmediate);
    await canary.close();
    expect(await waiting).to.include({ code: 'STOPPED' });
    await canary.close();
    expect(count('DeleteRole')).to.equal(1);
  });

  it('is deleted even if the answer to its creation was lost, and named if it cannot be deleted', async () => {
    let gone = false;
    const { canary, count } = stub(({ name }) =>
      name === 'CreateRoleCommand'
        ? 'TimeoutError'
        : name === 'DeleteRoleCommand' && !gone
          ? 'ServiceFailure'
          : undefined,
    );
    await failure(canary.open());
    const error = await failure(canary.close());
    expect(error).to.include({ code: 'LEFT_BEHIND' });
    expect(error.message).to.include(`role ${CANARY}`).and.include('npm run sweep');
    gone = true;
    await canary.close();
    await canary.close();
    expect(count('DeleteRole')).to.equal(2);
  });

  it('is not deleted if its creation was denied', async () => {
    const { canary, count } = stub(({ name }) => (name === 'CreateRoleCommand' ? 'AccessDenied' : undefined), {}, 403);
    await failure(canary.open());
    await canary.close();
    expect(count('DeleteRole')).to.equal(0);
  });

  it('is not deleted if it was never created', async () => {
    const { canary, asked } = stub(() => undefined);
    await canary.close();
    expect(asked).to.deep.equal([]);
  });
});

describe('the IAM canary in the emulator', () => {
  const started = async (
    settings: Partial<EmulatorSettings>,
    root: boolean,
  ): Promise<{
    readonly canary: IamCanary;
    readonly roles: () => Promise<string[]>;
    readonly close: () => Promise<void>;
  }> => {
    const { emulator, world } = await startWithWorld({ settings });
    // The emulator has no keys for the root user, so the administrator's keys become the root user's.
    const find = world.credentials.find.bind(world.credentials);
    if (root)
      Object.assign(world.credentials, {
        find: (id: string) => {
          const key = find(id);
          return key?.caller.kind === 'user' ? { ...key, caller: rootOf(emulator.accountId) } : key;
        },
      });
    const { credentials } = testSession(world, {
      roleName: 'nightly',
      allow: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
    });
    const config = ({ accessKeyId, secretAccessKey, sessionToken }: Credentials) => ({
      endpoint: emulator.endpoint,
      region: emulator.region,
      maxAttempts: 1,
      credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
    });
    const iam = new IAMClient(config(emulator.administrator));
    const sts = new STSClient(config(root ? emulator.administrator : credentials));
    const { accountId } = emulator;
    return {
      canary: new IamCanary({ clients: { iam, sts }, run: RUN, accountId, tags: {}, inARow: 1, pollMilliseconds: 10 }),
      roles: async () => ((await iam.send(new ListRolesCommand({}))).Roles ?? []).map(({ RoleName = '' }) => RoleName),
      close: async () => {
        iam.destroy();
        sts.destroy();
        await emulator.close();
      },
    };
  };

  for (const iam of [0, 300])
    it(`is observed and then deleted (IAM delay: ${iam} ms)`, async () => {
      const delays = { iam } as EmulatorSettings['delays'];
      const { canary, roles, close } = await started({ delays }, false);
      try {
        await Promise.all(Array.from({ length: 20 }, () => canary.waitForIam(never())));
        await canary.waitForIam(never());
        expect(await roles()).to.include(CANARY);
        await canary.close();
        expect(await roles()).not.to.include(CANARY);
      } finally {
        await close();
      }
    });

  it('is not created for the root user, who cannot assume it', async () => {
    const { canary, roles, close } = await started({}, true);
    try {
      await canary.waitForIam(never());
      expect(await roles()).not.to.include(CANARY);
      await canary.close();
    } finally {
      await close();
    }
  });
});
