import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { CreateClusterCommand, DescribeClusterCommand, EKSClient } from '@aws-sdk/client-eks';
import type { CreateClusterCommandOutput } from '@aws-sdk/client-eks';
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { expect } from 'chai';
import type { ClusterProvider } from '../../emulator/world/eks-model.ts';
import { policy, trust } from '../../test/support/emulator/roles.ts';
import type { Io } from '../../foundation/node/io.ts';
import type { MakeClusters } from './emulator.ts';
import type { ClusterOptions } from '../../harness/engine/emulator-clusters.ts';
import { executed } from '../../test/support/executed.ts';
import { temporaryFolder } from '../../test/support/run-cli.ts';

interface More extends Partial<Io> {
  readonly make?: MakeClusters;
}

/** Runs the command with clusters that are only records. `whenReady` gets the first line and returns the signal that ends it. */
async function run(
  argv: readonly string[],
  whenReady: (line: Readonly<Record<string, string>>) => Promise<'SIGINT' | 'SIGTERM'> = async () => 'SIGTERM',
  { make = async () => undefined, ...more }: More = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const interruption = new AbortController();
  let problem: Error | undefined;
  const ended = (cause: unknown): void => interruption.abort(new Error('interrupted', { cause }));
  const announced = (text: string): void => {
    if (!text.startsWith('{')) return;
    whenReady(JSON.parse(text) as Record<string, string>).then(ended, (error: Error) => ended((problem = error)));
  };
  const { code, out, err } = await executed(
    async () => (await import('./emulator.ts')).emulatorCommand({ makeClusters: make }),
    argv,
    { interruption: () => interruption.signal, ...more },
    announced,
  );
  if (problem !== undefined) throw problem;
  return { code, stdout: out, stderr: err };
}

describe('npm run emulator', () => {
  it('writes each call and its decisions to the file of --log, without secrets', async () => {
    const file = join(temporaryFolder(), 'calls.jsonl');
    let secret = '';
    await run(['--log', file], async ({ endpoint, region, accessKeyId, secretAccessKey }) => {
      secret = secretAccessKey!;
      const credentials = { accessKeyId: accessKeyId!, secretAccessKey: secret };
      const s3 = new S3Client({ endpoint: endpoint!, region: region!, credentials, forcePathStyle: true });
      await s3.send(new CreateBucketCommand({ Bucket: 'logged' }));
      s3.destroy();
      return 'SIGTERM';
    });
    const text = readFileSync(file, 'utf8');
    expect(text).not.to.contain(secret).and.not.to.contain('Signature=');
    const calls = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    expect(calls).to.have.length(1);
    expect(calls[0]).to.include({ service: 's3', operation: 'CreateBucket', status: 200 });
    expect(calls[0]?.['authorizations']).to.have.nested.property('[0].decision', 'allowed');
  });

  it('rejects a --log that it cannot write', async () => {
    const { code, stderr } = await run(['--log', '/nowhere/calls.jsonl']);
    expect(code).to.equal(2);
    expect(stderr).to.contain('--log cannot write /nowhere/calls.jsonl (there is no such file)');
  });

  it('prints its address, serves requests and exits when interrupted', async () => {
    const { code, stdout } = await run([], async ({ endpoint, region, accessKeyId, secretAccessKey }) => {
      const sts = new STSClient({
        endpoint: endpoint!,
        region: region!,
        credentials: { accessKeyId: accessKeyId!, secretAccessKey: secretAccessKey! },
      });
      const { Arn } = await sts.send(new GetCallerIdentityCommand({}));
      sts.destroy();
      expect(Arn).to.equal('arn:aws:iam::111122223333:user/administrator');
      return 'SIGINT';
    });
    expect(code).to.equal(130);
    expect(stdout.trimEnd().split('\n')).to.have.length(1);
  });

  it('uses the given account, region and key', async () => {
    const options = [
      '--account-id=444455556666',
      '--region',
      'eu-central-1',
      '--access-key-id',
      'AKIAEXAMPLEEXAMPLE12',
    ];
    const { code, stdout } = await run([...options, '--secret-access-key', 'chosen', '--clusters', 'none']);
    expect(code).to.equal(0);
    expect(JSON.parse(stdout)).to.deep.include({
      region: 'eu-central-1',
      accountId: '444455556666',
      accessKeyId: 'AKIAEXAMPLEEXAMPLE12',
      secretAccessKey: 'chosen',
    });
  });

  it('serves a second account', async () => {
    const { stdout } = await run(['--second-account', '444455556666'], async (line) => {
      const { endpoint, region } = line;
      const { accessKeyId, secretAccessKey } = line['secondAccount'] as unknown as Record<string, string>;
      const credentials = { accessKeyId: accessKeyId!, secretAccessKey: secretAccessKey! };
      const sts = new STSClient({ endpoint: endpoint!, region: region!, credentials });
      const { Account } = await sts.send(new GetCallerIdentityCommand({}));
      sts.destroy();
      expect(Account).to.equal('444455556666');
      return 'SIGTERM';
    });
    expect(JSON.parse(stdout)).to.deep.include({ accountId: '111122223333' });
  });

  it('starts at the time of --clock, which SDKs follow', async () => {
    await run(['--clock', '2030-01-01T00:00:00Z', '--clusters', 'none'], async (announced) => {
      const { endpoint, region, accessKeyId, secretAccessKey } = announced;
      const credentials = { accessKeyId: accessKeyId!, secretAccessKey: secretAccessKey! };
      const iam = new IAMClient({ endpoint: endpoint!, region: region!, credentials });
      const AssumeRolePolicyDocument = policy(trust('eks.amazonaws.com'));
      const { Role } = await iam.send(new CreateRoleCommand({ RoleName: 'later', AssumeRolePolicyDocument }));
      expect(Role?.CreateDate?.toISOString()).to.match(/^2030-01-01T/);
      return 'SIGTERM';
    });
  });

  it("simulates AWS's delays, shortened by --pace", async () => {
    const statuses = async (options: readonly string[]) => {
      let seen: (string | undefined)[] = [];
      await run(options, async ({ endpoint, region, accessKeyId, secretAccessKey }) => {
        const credentials = { accessKeyId: accessKeyId!, secretAccessKey: secretAccessKey! };
        const config = { endpoint: endpoint!, region: region!, credentials };
        const [iam, eks] = [new IAMClient(config), new EKSClient(config)];
        const AssumeRolePolicyDocument = policy(trust('eks.amazonaws.com'));
        const { Role } = await iam.send(new CreateRoleCommand({ RoleName: 'cluster', AssumeRolePolicyDocument }));
        const command = {
          name: 'blue',
          roleArn: Role!.Arn!,
          resourcesVpcConfig: { subnetIds: ['subnet-0000000000000000a', 'subnet-0000000000000000b'] },
        };
        // The new role takes effect after a delay too.
        const create = (): Promise<CreateClusterCommandOutput> =>
          eks.send(new CreateClusterCommand(command)).catch((error: Error) => {
            expect(error.name).to.equal('InvalidParameterException');
            return create();
          });
        const { cluster } = await create();
        seen = [cluster!.status];
        while (seen.at(-1) === 'CREATING') {
          await new Promise((resolve) => setTimeout(resolve, 20));
          seen.push((await eks.send(new DescribeClusterCommand({ name: 'blue' }))).cluster!.status);
        }
        iam.destroy();
        eks.destroy();
        return 'SIGTERM';
      });
      return new Set(seen);
    };
    expect([...(await statuses(['--timing', 'instant']))]).to.deep.equal(['ACTIVE']);
    expect([...(await statuses(['--timing', 'aws', '--pace', '5000']))]).to.deep.equal(['CREATING', 'ACTIVE']);
  });

  describe('with clusters', () => {
    const events: string[] = [];
    let asked: ClusterOptions | undefined;
    const provider: ClusterProvider = {
      createCluster: () => Promise.reject(new Error('no cluster expected')),
    };
    const make: MakeClusters = async (options) => {
      asked = options;
      options.progress('preparing');
      events.push('host made');
      return { provider, bindAddress: 'localhost', close: async () => void events.push('host closed') };
    };
    beforeEach(() => {
      events.length = 0;
      asked = undefined;
    });

    it('listens on an address that they can reach, and closes their host at the end', async () => {
      const argv = ['--clusters', 'kind', '--kind-image', 'node:1', '--image-base', 'base:1'];
      const serving = async ({ endpoint }: Readonly<Record<string, string>>) => {
        expect(endpoint).to.match(/^http:\/\/localhost:/);
        expect((await fetch(endpoint!)).status).to.be.greaterThan(0);
        events.push('serving');
        return 'SIGTERM' as const;
      };
      const { code, stderr } = await run(argv, serving, { make });
      expect([code, stderr]).to.deep.equal([0, 'preparing\n']);
      expect(events).to.deep.equal(['host made', 'serving', 'host closed']);
      expect(asked?.type.name).to.equal('kind');
      expect(asked?.flags).to.deep.equal(['--kind-image=node:1', '--image-base=base:1']);
      expect(asked!.signal.aborted).to.equal(true);
    });

    it('listens on --host instead, and creates no host for --clusters none', async () => {
      const { stdout } = await run(['--host', '127.0.0.1'], undefined, { make });
      expect(JSON.parse(stdout))
        .to.have.property('endpoint')
        .that.matches(/^http:\/\/127\.0\.0\.1:/);
      expect(asked?.type.name).to.equal('embedded');
      events.length = 0;
      await run(['--clusters', 'none'], undefined, { make });
      expect(events).to.deep.equal([]);
    });

    it('closes the host if it cannot listen', async () => {
      const { code } = await run(['--host', '192.0.2.1'], undefined, { make });
      expect(code).to.equal(3);
      expect(events).to.deep.equal(['host made', 'host closed']);
    });

    it('reports why they cannot start', async () => {
      const { HarnessError } = await import('../../foundation/node/errors.ts');
      const failing = () => Promise.reject(new HarnessError('PROVISIONING_FAILED', 'Start Docker.'));
      const { code, stdout, stderr } = await run(['--clusters', 'kind'], undefined, { make: failing });
      expect([code, stdout, stderr]).to.deep.equal([3, '', 'Start Docker.\n']);
    });

    it('can be interrupted while they start', async () => {
      const waiting: MakeClusters = ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
      const interrupted = new AbortController();
      const interruption = (): AbortSignal => {
        setImmediate(() => interrupted.abort(new Error('interrupted', { cause: 'SIGINT' })));
        return interrupted.signal;
      };
      const { code, stdout, stderr } = await run(['--clusters', 'kind'], undefined, { make: waiting, interruption });
      expect([code, stdout, stderr]).to.deep.equal([130, '', '']);
    });
  });

  it('creates a new key at each start', async () => {
    const [one, two] = [await run(['--seed', 'same']), await run(['--seed', 'same'])];
    expect(JSON.parse(one.stdout)).to.have.property('secretAccessKey').that.has.length(40);
    expect((JSON.parse(one.stdout) as { secretAccessKey: string }).secretAccessKey).not.to.equal(
      (JSON.parse(two.stdout) as { secretAccessKey: string }).secretAccessKey,
    );
  });

  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [['--prot', '1'], /^Unknown flag --prot: did you mean --port\?$/],
    [['--acount-id=1'], /^Unknown flag --acount-id: did you mean --account-id\?$/],
    [['--zzzzzzzzzzzzzzzzzz'], /^Unknown flag --z+: see --help\.$/],
    [['--port', 'x'], /^--port is "x": give a whole number of at least 0 and at most 65535\.$/],
    [['--port', '65536'], /^--port is "65536": give a whole number/],
    [['--port'], /^--port needs a value \(N\)\.$/],
    [['--account-id', '123'], /^--account-id is "123": give 12 digits/],
    [['--region', 'nowhere'], /^--region is "nowhere": give a region/],
    [['--access-key-id', 'AKIAEXAMPLEEXAMPLE12'], /^--access-key-id requires --secret-access-key/],
    [['--access-key-id', 'a/b', '--secret-access-key', 'x'], /^--access-key-id is "a\/b": give 16 to 128 letters/],
    [['--clusters', 'eks'], /^--clusters is "eks": choose from embedded, kind, in-cluster, none\.$/],
    [
      ['--kind-image', 'node'],
      /^--kind-image requires --clusters kind: add --clusters kind, or leave --kind-image out\.$/,
    ],
    [['--image-base', 'node'], /^--image-base requires --clusters kind/],
    [['--timing', 'slow'], /^--timing is "slow": choose from instant, aws\.$/],
    [['--timing', 'aws', '--pace', '0.5'], /^--pace is "0\.5": give a number of at least 1\.$/],
    [['--timing', 'aws', '--pace', '1e3'], /^--pace is "1e3": give a number/],
    [['--clock', 'tomorrow'], /^--clock is "tomorrow": give a time such as 2027-03-31T12:00:00Z\.$/],
    [['--clock', '2027-02-31T25:00:00Z'], /^--clock is "2027-02-31T25:00:00Z": give an existing time/],
    [['--pace', '60'], /add --timing aws, or leave --pace out\.$/],
    [['--second-account', '123'], /^--second-account is "123": give 12 digits/],
    [
      ['--second-account', '111122223333'],
      /^--second-account must differ from --account-id, which is 111122223333 too\.$/,
    ],
    [['--service-principal', 'pods.eks'], /^--service-principal is "pods\.eks": use a service principal/],
    [['--seed='], /^--seed is empty: give a text\.$/],
    [['extra'], /extra/],
  ];
  for (const [argv, message] of wrong) {
    it(`rejects ${argv.join(' ')}`, async () => {
      const { code, stdout, stderr } = await run(argv);
      expect([code, stdout]).to.deep.equal([2, '']);
      expect(stderr.trimEnd()).to.match(message).and.not.to.contain('\n');
    });
  }

  it('reports that a port is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const { code, stderr } = await run(['--port', String(port)]);
    server.close();
    expect(code).to.equal(3);
    expect(stderr).to.equal(`Port ${port} on 127.0.0.1 is in use. Use another --port, or 0 for any free port.\n`);
  });

  it('prints its help', async () => {
    const { code, stdout } = await run(['--help']);
    expect(code).to.equal(0);
    expect(stdout).to.match(/^Usage: npm run emulator/);
  });
});
