import { expect } from 'chai';
import { main, type AgentIo } from './cli.ts';
import { parseServerFlags } from './cli/flags.ts';
import { initialize } from './cli/initialize.ts';
import { nodeCredentials } from './cli/node-credentials.ts';
import { parseDuration } from '../go/text.ts';
import { Bench, send } from '../../test/support/agent.ts';

describe('the agent on the command line', () => {
  async function run(argv: readonly string[], overrides: Partial<AgentIo> = {}): Promise<[number, string, string]> {
    const [out, err]: [string[], string[]] = [[], []];
    const code = await main(argv, {
      env: {},
      out: (line) => void out.push(line),
      err: (line) => void err.push(line),
      run: () => Promise.resolve({ code: 0, output: '' }),
      terminated: Promise.resolve(),
      ...overrides,
    });
    return [code, out.join('\n'), err.join('\n')];
  }

  it('prints its version', async () => {
    for (const [version, release] of [
      [undefined, '0.1.37'],
      ['0.2', '0.2.1'],
    ])
      expect(await run(['version'], { env: { CONFORMANCE_AGENT_VERSION: version } })).to.eql([
        0,
        `EKS Pod Identity Agent version ${release}`,
        '',
      ]);
    const [code, , err] = await run(['version'], { env: { CONFORMANCE_AGENT_VERSION: '0.3' } });
    expect([code, err]).to.eql([1, 'Error: CONFORMANCE_AGENT_VERSION is "0.3": use 0.1 or 0.2']);
  });

  const wrong: [argv: string[], message: string][] = [
    [['serve'], 'unknown command "serve"'],
    [['server'], 'required flag(s) "cluster-name" not set'],
    [['server', '--nope'], 'unknown flag: --nope'],
    [['server', '-c'], 'flag needs an argument: -c'],
    [['server', '-c', 'c1', '--port', '70000'], 'invalid argument "70000" for --port'],
    [['server', '-c', 'c1', '-v', 'loud'], 'not a valid level: "loud"'],
    [['server', '-c', 'c1', '--max-credential-retention-before-renewal=3'], 'such as 3h or 90s'],
    [['server', '-c', 'c1'], 'set AWS_REGION'],
    [['server', '-c', 'c1', '--rotate-credentials'], 'does not support --rotate-credentials'],
    [['initialize', '-v', 'loud'], 'not a valid level: "loud"'],
    [['initialize', '--port', '80'], 'unknown flag: --port'],
    [['version', '--cluster-name=c1'], 'unknown flag: --cluster-name'],
  ];
  for (const [argv, message] of wrong) {
    it(`rejects ${argv.join(' ')}`, async () => {
      const [code, , err] = await run(argv);
      expect(code).to.equal(1);
      expect(err)
        .to.match(/^Error: /)
        .and.contain(message);
    });
  }

  it('parses flags in all forms', () => {
    const flags = parseServerFlags([
      ...['-c', 'c1', '--bind-hosts', 'a', '-b=b', '-p8080', '--max-credential-retention-before-renewal=1h30m'],
      ...['--rotate-credentials', '-v', 'warn', '--endpoint='],
    ]);
    expect(flags).to.eql({
      clusterName: 'c1',
      bindHosts: ['a', 'b'],
      port: 8080,
      maxCredentialRetentionBeforeRenewal: 5_400_000,
      rotateCredentials: true,
      verbosity: 'warning',
    });
  });

  it('accepts a verbosity for initialize', async () => {
    for (const flags of [['-v', 'trace'], ['--verbosity=debug'], []]) {
      const commands: string[] = [];
      const [code] = await run(['initialize', ...flags], {
        run: (command) => (commands.push(command), Promise.resolve({ code: 0, output: '' })),
      });
      expect(code).to.equal(0);
      expect(commands).to.include('ip');
    }
  });

  it('serves until it is terminated, and exits with 0', async () => {
    const bench = new Bench();
    await bench.open();
    let end = (): void => undefined;
    const terminated = new Promise<void>((resolve) => (end = resolve));
    const statuses: number[] = [];
    const flags = ['-c', 'c1', '-b', '127.0.0.1', '-p', '0', '--probe-port', '0', '--metrics-port', '0'];
    const [code] = await run(['server', ...flags, '--metrics-address', '127.0.0.1', `--endpoint=${bench.url}`], {
      env: { AWS_REGION: 'us-west-2', AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'secret' },
      terminated,
      started: (agent) => {
        void send(`${agent.probeUrl}/readyz`).then(({ status }) => {
          statuses.push(status);
          end();
        });
      },
    });
    await bench.close();
    expect([code, statuses]).to.eql([0, [200]]);
  });

  const durations: [text: string, milliseconds: number | undefined][] = [
    ['3h', 10_800_000],
    ['1h30m', 5_400_000],
    ['1.5s', 1500],
    ['0', 0],
    ['-5s', -5000],
    ['250ms', 250],
    ['3', undefined],
    ['', undefined],
    ['1d', undefined],
  ];
  for (const [text, milliseconds] of durations) {
    it(`parses the duration ${JSON.stringify(text)} as ${milliseconds ?? 'invalid'}`, () => {
      expect(parseDuration(text)).to.equal(milliseconds);
    });
  }
});

describe('initialize', () => {
  function runner(failing: (args: string) => boolean) {
    const commands: string[] = [];
    const run = (command: string, args: readonly string[]) => {
      const text = [command, ...args].join(' ');
      commands.push(text);
      return Promise.resolve(
        failing(text) ? { code: 2, output: 'Operation not permitted\n' } : { code: 0, output: '' },
      );
    };
    return { commands, run };
  }

  it('creates the link, its addresses and their routes', async () => {
    const { commands, run } = runner((text) => text.includes('show'));
    await initialize(run, () => undefined);
    expect(commands).to.eql([
      'ip link show pod-id-link0',
      'ip link add pod-id-link0 type dummy',
      'ip -4 address replace 169.254.170.23/32 dev pod-id-link0',
      'ip -6 address replace fd00:ec2::23/128 dev pod-id-link0 nodad',
      'ip link set pod-id-link0 up',
      'ip -4 route replace 169.254.170.23/32 dev pod-id-link0',
      'ip -6 route replace fd00:ec2::23/128 dev pod-id-link0',
    ]);
  });

  it('uses an existing link of any type', async () => {
    const { commands, run } = runner(() => false);
    await initialize(run, () => undefined);
    expect(commands).to.include('ip -4 address replace 169.254.170.23/32 dev pod-id-link0');
    expect(commands.filter((text) => text.startsWith('ip link add'))).to.eql([]);
  });

  it('succeeds without IPv6, and logs the failure', async () => {
    const logs: string[] = [];
    await initialize(runner((text) => text.includes('-6')).run, (text) => logs.push(text));
    expect(logs.filter((text) => text.includes('ip -6'))).to.have.length(2);
  });

  it('fails without IPv4, and names the command', async () => {
    const failure = await initialize(runner((text) => text.includes('-4')).run, () => undefined).catch((e: Error) => e);
    expect(failure).to.be.instanceOf(Error);
    expect((failure as Error).message)
      .to.contain('`ip -4 address replace')
      .and.contain('Operation not permitted');
  });
});

describe("the node's credentials", () => {
  it('come from the environment first', async () => {
    const env = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_SESSION_TOKEN: 'c' };
    expect(await nodeCredentials(env)()).to.eql({ accessKeyId: 'a', secretAccessKey: 'b', sessionToken: 'c' });
  });

  it('come from the instance metadata service with a session, and are cached', async () => {
    const bench = new Bench();
    await bench.open();
    const answers = [
      'token',
      'role\n',
      { AccessKeyId: 'a', SecretAccessKey: 'b', Token: 'c', Expiration: '2100-01-01T00:00:00Z' },
    ];
    bench.respond = (response) => {
      const answer = answers[bench.calls.length - 1];
      response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
    };
    const get = nodeCredentials({ AWS_EC2_METADATA_SERVICE_ENDPOINT: bench.url });
    expect(await get()).to.eql({ accessKeyId: 'a', secretAccessKey: 'b', sessionToken: 'c' });
    await get();
    await bench.close();
    expect(bench.calls.map(({ headers }) => headers['x-aws-ec2-metadata-token'])).to.eql([undefined, 'token', 'token']);
  });

  for (const [minutes, times] of [
    [4, 2],
    [6, 1],
  ] as const)
    it(`are requested ${times} times if they expire in ${minutes} minutes`, async () => {
      const bench = new Bench();
      await bench.open();
      const Expiration = new Date(Date.now() + minutes * 60_000).toISOString();
      const credentials = JSON.stringify({ AccessKeyId: 'a', SecretAccessKey: 'b', Token: 'c', Expiration });
      bench.respond = (response) => response.end([credentials, 'token', 'role'][bench.calls.length % 3]);
      const get = nodeCredentials({ AWS_EC2_METADATA_SERVICE_ENDPOINT: bench.url });
      await get();
      await get();
      await bench.close();
      expect(bench.calls).to.have.length(3 * times);
    });
});
