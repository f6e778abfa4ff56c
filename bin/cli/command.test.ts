import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { badFlagValue, EXIT, HarnessError, isUsage, unreadable } from '../../foundation/node/errors.ts';
import { option } from '../../foundation/node/options.ts';
import { allOptions, execute, type Command } from './command.ts';
import type { Io } from '../../foundation/node/io.ts';

/** An error of another copy of the error classes, as a command from source throws it. */
class Other extends Error {
  override readonly name: string;
  readonly exitCode = EXIT.doesNotConform;
  readonly blame = 'usage';
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

describe('a command', () => {
  const printed = { stdout: '', stderr: '' };
  const running = async (command: Partial<Command>, ...argv: string[]): Promise<number> => {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const all = {
      name: 'example',
      summary: 'is one',
      about: 'Is one.',
      options: [],
      remarks: '',
      run: () => 0,
      ...command,
    };
    const code = await execute(all as unknown as Command, argv, { stdout, stderr, environment: {} } as unknown as Io);
    printed.stdout = String(stdout.read() ?? '');
    printed.stderr = String(stderr.read() ?? '');
    return code;
  };
  const throwing = (error: unknown): Partial<Command> => ({
    run: () => {
      throw error;
    },
  });

  for (const [what, error, code, words] of [
    ['a usage error', new HarnessError('BAD_FILE', 'a.json is wrong.'), 2, 'a.json is wrong.\n'],
    ['an environment error', new HarnessError('AWS_FAILED', 'AWS fails.'), 3, 'AWS fails.\n'],
    ['a usage error of a cluster', new ClusterError('BAD_KUBECONFIG', 'No kind.'), 2, 'No kind.\n'],
    ['a failed cluster', new ClusterError('CLUSTER_FAILED', 'It is unreachable.'), 3, 'It is unreachable.\n'],
    ['another copy of HarnessError', new Other('HarnessError', 'From a copy.'), 1, 'From a copy.\n'],
    ['another copy of ClusterError', new Other('ClusterError', 'From a copy.'), 2, 'From a copy.\n'],
    [
      'a defect',
      new Error('x is not\na function'),
      3,
      'The harness failed: x is not (--verbose prints the stack trace).\n',
    ],
    ['a thrown string', 'no luck', 3, 'The harness failed: no luck (--verbose prints the stack trace).\n'],
    ['an object that resembles a HarnessError', { name: 'HarnessError', exitCode: 0 }, 3, /^The harness failed: /],
  ] as const)
    it(`exits ${code} for ${what} and prints one sentence`, async () => {
      expect(await running(throwing(error))).to.equal(code);
      if (words instanceof RegExp) expect(printed.stderr).to.match(words);
      else expect(printed.stderr).to.equal(words);
      expect(await running(throwing(error), '--verbose')).to.equal(code);
      expect(printed.stderr.includes('\n    at ')).to.equal(error instanceof Error);
    });

  it('returns the exit code of run, which gets options and files', async () => {
    const run: Command['run'] = async ({ flag, words }) => (flag('one') ? words.length : 7);
    const command = {
      options: [option.flag('one', 'the first')],
      operands: { least: 1, most: 2, usage: 'a file' },
      run,
    };
    expect(await running(command, '--one', 'a', 'b')).to.equal(2);
    expect(await running(command, 'a')).to.equal(7);
    expect(printed).to.deep.equal({ stdout: '', stderr: '' });
  });

  for (const [operands, argv, words] of [
    [undefined, ['a'], 'Unexpected argument "a". See `npm run example -- --help`.\n'],
    [undefined, ['a', 'b'], 'Unexpected argument "a". See `npm run example -- --help`.\n'],
    [{ least: 2, usage: 'two files' }, ['a'], 'Too few arguments: give two files. See `npm run example -- --help`.\n'],
    [
      { least: 1, most: 1, usage: 'a file' },
      ['a', 'b'],
      'Too many arguments ("b"): give a file. See `npm run example -- --help`.\n',
    ],
    [{ least: 1, usage: 'files' }, ['a', ''], 'An argument is empty. See `npm run example -- --help`.\n'],
    [{ least: 1, usage: 'files' }, ['a', 'b', 'c'], ''],
  ] as const)
    it(`${words === '' ? 'accepts' : 'rejects'} the arguments ${JSON.stringify(argv)} as ${operands?.usage ?? 'no operands'}`, async () => {
      expect(await running(operands === undefined ? {} : { operands }, ...argv)).to.equal(words === '' ? 0 : 2);
      expect(printed.stderr).to.equal(words);
    });

  it('rejects unknown options and malformed values', async () => {
    expect(await running({}, '--other')).to.equal(2);
    expect(printed.stderr).to.match(/^Unknown .*--other/);
    const options = [option.number('jobs N', 'run this many jobs', { minimum: 1 })];
    expect(await running({ options }, '--jobs', '0')).to.equal(2);
    expect(printed.stderr).to.contain('--jobs');
    const form = { pattern: /^a+$/, expected: 'give letters a' };
    const letters = { options: [{ ...option.text('letters A', 'letters'), form }] };
    expect(await running(letters, '--letters', 'b')).to.equal(2);
    expect(printed.stderr).to.equal('--letters is "b": give letters a.\n');
    expect(await running(letters, '--letters', 'aa')).to.equal(0);
    const values = new Map([['letters', { value: 'b', origin: 'flag' }]]);
    const read = () => ({ flag: () => false, words: [], values }) as never;
    expect(await running({ ...letters, read }, '--letters', 'b')).to.equal(0);
  });

  it('prints its help instead of running', async () => {
    expect(
      await running({ ...throwing(new Error('x')), options: [option.flag('one', 'the first')] }, '--help', 'word'),
    ).to.equal(0);
    expect(printed.stdout).to.match(/--one +the first[^]*--verbose +print stack traces[^]*--help +print this/);
  });

  it('adds each common option unless it defines one of that name', () => {
    const own = option.flag('verbose', 'every probe');
    const names = (command: Parameters<typeof allOptions>[0]) =>
      allOptions(command).map(({ name, help, commandLineOnly }) => [name, help.slice(0, 11), commandLineOnly]);
    expect(names({ options: [own] })).to.deep.equal([
      ['verbose', 'every probe', true],
      ['help', 'print this ', true],
    ]);
    expect(names({ options: [], read: (() => undefined) as never }).map(([, , alone]) => alone)).to.deep.equal([
      false,
      false,
    ]);
  });

  it('reads its options with its own read function if it has one', async () => {
    const given = { flag: (name: string) => name === 'yes', words: ['a'], values: new Map() };
    const operands = { least: 1, most: 1, usage: 'a file' };
    const run: Command['run'] = async ({ flag }) => (flag('yes') ? 5 : 6);
    expect(await running({ operands, read: () => given as never, run }, '--anything')).to.equal(5);
  });
});

describe('errors', () => {
  it('know whether the user caused them', () => {
    expect([isUsage('BAD_POLICY'), isUsage('TIMED_OUT'), isUsage(null)]).to.deep.equal([true, false, false]);
    expect(badFlagValue('It is wrong.')).to.include({ code: 'BAD_FLAG_VALUE', message: 'It is wrong.', exitCode: 2 });
    const cause = new Error('below');
    expect(new HarnessError('STOPPED', 'It was stopped.', { cause })).to.deep.include({
      name: 'HarnessError',
      code: 'STOPPED',
      exitCode: 3,
      cause,
    });
    expect(EXIT).to.deep.equal({ conforms: 0, doesNotConform: 1, usage: 2, environment: 3, interrupted: 130 });
  });
  for (const [code, words] of [
    ['ENOENT', 'there is no such file'],
    ['EISDIR', 'it is a folder'],
    ['EACCES', 'permission denied'],
    ['EMFILE', 'EMFILE'],
    [undefined, 'unknown cause'],
  ] as const)
    it(`describe ${code ?? 'a missing code'} in words`, () => expect(unreadable({ code })).to.equal(words));
});
