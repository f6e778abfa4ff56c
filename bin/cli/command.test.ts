import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { badFlagValue, EXIT, HarnessError, isUsage, unreadable } from '../../foundation/node/errors.ts';
import { option } from '../../foundation/node/options.ts';
import { allOptions, execute, type Command } from './command.ts';
import type { Io } from '../../foundation/node/io.ts';

/** A class of code that was loaded beside this, as a command from source has it. */
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
  const told = { stdout: '', stderr: '' };
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
    told.stdout = String(stdout.read() ?? '');
    told.stderr = String(stderr.read() ?? '');
    return code;
  };
  const throwing = (error: unknown): Partial<Command> => ({
    run: () => {
      throw error;
    },
  });

  for (const [what, error, code, words] of [
    ['what is wrong to use', new HarnessError('BAD_FILE', 'a.json is wrong.'), 2, 'a.json is wrong.\n'],
    ['an environment that fails', new HarnessError('AWS_FAILED', 'AWS fails.'), 3, 'AWS fails.\n'],
    ['what is wrong with a cluster', new ClusterError('BAD_KUBECONFIG', 'No kind.'), 2, 'No kind.\n'],
    ['a cluster that fails', new ClusterError('CLUSTER_FAILED', 'It is away.'), 3, 'It is away.\n'],
    ['errors of code that was loaded beside it', new Other('HarnessError', 'One of its own.'), 1, 'One of its own.\n'],
    ['those of clusters too', new Other('ClusterError', 'One of its own.'), 2, 'One of its own.\n'],
    ['a defect', new Error('x is not\na function'), 3, 'The harness failed: x is not (--verbose shows where).\n'],
    ['what is no Error', 'no luck', 3, 'The harness failed: no luck (--verbose shows where).\n'],
    ['what only looks like one', { name: 'HarnessError', exitCode: 0 }, 3, /^The harness failed: /],
  ] as const)
    it(`exits ${code} for ${what}, with a sentence`, async () => {
      expect(await running(throwing(error))).to.equal(code);
      if (words instanceof RegExp) expect(told.stderr).to.match(words);
      else expect(told.stderr).to.equal(words);
      expect(await running(throwing(error), '--verbose')).to.equal(code);
      expect(told.stderr.includes('\n    at ')).to.equal(error instanceof Error);
    });

  it('gives the exit code that it comes to, with its options', async () => {
    const run: Command['run'] = async ({ flag, words }) => (flag('one') ? words.length : 7);
    const command = { options: [option.flag('one', 'the first')], files: { least: 1, most: 2, usage: 'a file' }, run };
    expect(await running(command, '--one', 'a', 'b')).to.equal(2);
    expect(await running(command, 'a')).to.equal(7);
    expect(told).to.deep.equal({ stdout: '', stderr: '' });
  });

  for (const [files, argv, words] of [
    [undefined, ['a'], 'Give no files, not 1 file (a): `npm run example -- --help` tells more.\n'],
    [undefined, ['a', 'b'], 'Give no files, not 2 files: `npm run example -- --help` tells more.\n'],
    [
      { least: 2, usage: 'two files' },
      ['a'],
      'Give two files, not 1 file (a): `npm run example -- --help` tells more.\n',
    ],
    [
      { least: 1, most: 1, usage: 'a file' },
      ['a', 'b'],
      'Give a file, not 2 files: `npm run example -- --help` tells more.\n',
    ],
    [{ least: 1, usage: 'files' }, ['a', ''], 'The name of a file is empty: `npm run example -- --help` tells more.\n'],
    [{ least: 1, usage: 'files' }, ['a', 'b', 'c'], ''],
  ] as const)
    it(`${words === '' ? 'takes' : 'refuses'} the words ${JSON.stringify(argv)} of ${files?.usage ?? 'no files'}`, async () => {
      expect(await running(files === undefined ? {} : { files }, ...argv)).to.equal(words === '' ? 0 : 2);
      expect(told.stderr).to.equal(words);
    });

  it('refuses what is no option, and values of another form', async () => {
    expect(await running({}, '--other')).to.equal(2);
    expect(told.stderr).to.match(/^Unknown .*--other/);
    const options = [option.number('jobs N', 'so many', { minimum: 1 })];
    expect(await running({ options }, '--jobs', '0')).to.equal(2);
    expect(told.stderr).to.contain('--jobs');
    const form = { pattern: /^a+$/, expected: 'give letters a' };
    const letters = { options: [{ ...option.text('letters A', 'letters'), form }] };
    expect(await running(letters, '--letters', 'b')).to.equal(2);
    expect(told.stderr).to.equal('--letters is "b": give letters a.\n');
    expect(await running(letters, '--letters', 'aa')).to.equal(0);
    const values = new Map([['letters', { value: 'b', origin: 'flag' }]]);
    const read = () => ({ flag: () => false, words: [], values }) as never;
    expect(await running({ ...letters, read }, '--letters', 'b')).to.equal(0);
  });

  it('prints its help instead of what it does', async () => {
    expect(
      await running({ ...throwing(new Error('x')), options: [option.flag('one', 'the first')] }, '--help', 'word'),
    ).to.equal(0);
    expect(told.stdout).to.match(/--one +the first[^]*--verbose +print stack traces[^]*--help +print this/);
  });

  it('has the options of every command, unless it has one of that name', () => {
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

  it('reads its options itself where it can, with a form of its own', async () => {
    const given = { flag: (name: string) => name === 'yes', words: ['a'], values: new Map() };
    const files = { least: 1, most: 1, usage: 'a file' };
    const run: Command['run'] = async ({ flag }) => (flag('yes') ? 5 : 6);
    expect(await running({ files, read: () => given as never, run }, '--anything')).to.equal(5);
  });
});

describe('errors', () => {
  it('say whose they are', () => {
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
    it(`put ${code ?? 'no code'} in words`, () => expect(unreadable({ code })).to.equal(words));
});
