import type { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { expect } from 'chai';
import { assumedRole, renewed, type AwsCredentials } from './credentials.ts';

const MINUTE = 60_000;
const rejected = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => expect.fail('it resolved'),
    (error: Error) => error.message,
  );

describe('renewed credentials', () => {
  let now: number;
  let asked: number;
  beforeEach(() => {
    now = 0;
    asked = 0;
  });
  const provider = (lifeMilliseconds: number | undefined) =>
    renewed(
      async (): Promise<AwsCredentials> => ({
        accessKeyId: `key ${(asked += 1)}`,
        secretAccessKey: 'secret',
        ...(lifeMilliseconds !== undefined && { expiration: new Date(now + lifeMilliseconds) }),
      }),
      () => now,
    );

  it('share one request among concurrent callers', async () => {
    const get = provider(60 * MINUTE);
    await Promise.all([get(), get(), get()]);
    expect(asked).to.equal(1);
  });

  it('are renewed five minutes before they expire', async () => {
    const get = provider(60 * MINUTE);
    await get();
    now = 54 * MINUTE;
    expect((await get()).accessKeyId).to.equal('key 1');
    now = 55 * MINUTE;
    expect((await get()).accessKeyId).to.equal('key 2');
  });

  it('are never renewed if they do not expire', async () => {
    const get = provider(undefined);
    await get();
    now = 1e12;
    await get();
    expect(asked).to.equal(1);
  });

  it('are requested again one second after a failure', async () => {
    let fails = true;
    const get = renewed(
      async () => {
        asked += 1;
        if (fails) throw new Error('not now');
        return { accessKeyId: 'key', secretAccessKey: 'secret' };
      },
      () => now,
    );
    for (let time = 0; time < 10; time += 1) expect(await rejected(get())).to.equal('not now');
    expect(asked).to.equal(1);
    fails = false;
    now = 1000;
    expect((await get()).accessKeyId).to.equal('key');
  });

  it('remain in use until they expire if renewal fails', async () => {
    const answers = [{ accessKeyId: 'key', secretAccessKey: 'secret', expiration: new Date(60 * MINUTE) }];
    const ask = async () => answers.shift() ?? Promise.reject(new Error('not now'));
    const get = renewed(ask, () => now);
    for (const minute of [0, 56, 59]) {
      now = minute * MINUTE;
      expect((await get()).accessKeyId).to.equal('key');
    }
    now = 60 * MINUTE;
    expect(await rejected(get())).to.equal('not now');
  });

  it('of a role last an hour and have the given session name', async () => {
    const sent: AssumeRoleCommand[] = [];
    const expiration = new Date(Date.now() + 60 * MINUTE);
    const sts = {
      send: async (command: AssumeRoleCommand) => {
        sent.push(command);
        return {
          Credentials: {
            AccessKeyId: 'ASIA',
            SecretAccessKey: 'secret',
            SessionToken: 'token',
            Expiration: expiration,
          },
        };
      },
    } as unknown as STSClient;
    const get = assumedRole(sts, 'arn:aws:iam::444455556666:role/x', 'conformance-c123456');
    const expected = { accessKeyId: 'ASIA', secretAccessKey: 'secret', sessionToken: 'token', expiration };
    expect(await get()).to.deep.equal(expected);
    await get();
    expect(sent.map(({ input }) => input)).to.deep.equal([
      { RoleArn: 'arn:aws:iam::444455556666:role/x', RoleSessionName: 'conformance-c123456', DurationSeconds: 3600 },
    ]);
  });
});
