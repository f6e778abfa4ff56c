import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { expect } from 'chai';
import { main } from './cli.ts';

/** Runs the command; `whenReady` sees the first line and says which signal ends it. */
async function run(
  argv: readonly string[],
  whenReady: (line: Readonly<Record<string, string>>) => Promise<'SIGINT' | 'SIGTERM'> = async () => 'SIGTERM',
): Promise<{ code: number; stdout: string; stderr: string }> {
  let stdout = '';
  let stderr = '';
  let announce: (text: string) => void = () => {};
  const announced = new Promise<string>((resolve) => (announce = resolve));
  const code = await main(argv, {
    stdout: { write: (text: string) => ((stdout += text), announce(text), true) },
    stderr: { write: (text: string) => ((stderr += text), true) },
    interrupted: async () => whenReady(JSON.parse(await announced) as Record<string, string>),
  });
  return { code, stdout, stderr };
}

describe('npm run emulator', () => {
  it('announces itself, serves, and ends when it is interrupted', async () => {
    const { code, stdout } = await run([], async ({ endpoint, region, accessKeyId, secretAccessKey }) => {
      const sts = new STSClient({
        endpoint: endpoint!,
        region: region!,
        credentials: { accessKeyId: accessKeyId!, secretAccessKey: secretAccessKey! },
      });
      const { Arn } = await sts.send(new GetCallerIdentityCommand({}));
      sts.destroy();
      expect(Arn).to.equal('arn:aws:iam::111122223333:root');
      return 'SIGINT';
    });
    expect(code).to.equal(130);
    expect(stdout.trimEnd().split('\n')).to.have.length(1);
  });

  it('takes account, region and key', async () => {
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

  it('makes another key at each start', async () => {
    const [one, two] = [await run(['--seed', 'same']), await run(['--seed', 'same'])];
    expect(JSON.parse(one.stdout)).to.have.property('secretAccessKey').that.has.length(40);
    expect((JSON.parse(one.stdout) as { secretAccessKey: string }).secretAccessKey).not.to.equal(
      (JSON.parse(two.stdout) as { secretAccessKey: string }).secretAccessKey,
    );
  });

  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [['--prot', '1'], /^--prot is not an option; did you mean --port\?$/],
    [['--acount-id=1'], /^--acount-id is not an option; did you mean --account-id\?$/],
    [['--something-else'], /^--something-else is not an option; see --help/],
    [['--port', 'x'], /^--port must be a number from 0 to 65535, not "x"\.$/],
    [['--port', '65536'], /^--port must be a number/],
    [['--port'], /--port/],
    [['--account-id', '123'], /^--account-id must be 12 digits/],
    [['--region', 'nowhere'], /^--region must be a region/],
    [['--access-key-id', 'AKIAEXAMPLEEXAMPLE12'], /must be given together/],
    [['--access-key-id', 'a/b', '--secret-access-key', 'x'], /^--access-key-id must be/],
    [['--clusters', 'kind'], /^--clusters must be "embedded" or "none", not "kind"\.$/],
    [['--seed='], /^--seed must not be empty\.$/],
    [['extra'], /extra/],
  ];
  for (const [argv, message] of wrong) {
    it(`refuses ${argv.join(' ')}`, async () => {
      const { code, stdout, stderr } = await run(argv);
      expect([code, stdout]).to.deep.equal([2, '']);
      expect(stderr.trimEnd()).to.match(message).and.not.to.contain('\n');
    });
  }

  it('says that a port is busy', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const { code, stderr } = await run(['--port', String(port)]);
    server.close();
    expect(code).to.equal(3);
    expect(stderr).to.equal(`Port ${port} of 127.0.0.1 is in use; give another --port, or 0 for any free one.\n`);
  });

  it('prints its help', async () => {
    const { code, stdout } = await run(['--help']);
    expect(code).to.equal(0);
    expect(stdout).to.match(/^Usage: npm run emulator/);
  });
});
