import { expect } from 'chai';
import type { OptionSpec } from '../../foundation/node/options.ts';
import { option } from '../../foundation/node/options.ts';
import { OPTIONS } from '../../harness/config/options.ts';
import { executed } from '../../test/support/executed.ts';
import { allOptions, type Command } from './command.ts';
import { ALL_COMMANDS, COMMANDS, withCommands } from './commands.ts';
import { formatOption, print, type Formats } from './formats.ts';
import { helpText } from './help.ts';

const helpOf = async (name: string, ...more: readonly string[]): Promise<string> => {
  const { code, out } = await executed(undefined, [...name.split(' '), '--help', ...more]);
  expect(code).to.equal(0);
  return out;
};
const lists = (help: string, { name }: OptionSpec): boolean => new RegExp(`^  --${name}(?![\\w-])`, 'm').test(help);

describe('each command', () => {
  for (const command of ALL_COMMANDS) {
    const { name } = command;
    it(`${name}: lists all of its flags in --help, or in a topic that --help names`, async () => {
      const help = await helpOf(name);
      const options = allOptions(command);
      const topics = [...help.matchAll(/^  --help (\S+)/gm)].map(([, topic = '']) => topic);
      expect(topics.length > 0).to.equal(options.some(({ topic, clusters }) => (topic ?? clusters) !== undefined));
      const pages = await Promise.all(topics.map((topic) => helpOf(name, topic)));
      for (const one of options) {
        if (!OPTIONS.includes(one) && command.read !== undefined && !OPTIONS.some((other) => other.name === one.name))
          expect(lists(help, one), `--${one.name} in --help`).to.equal(true);
        expect(
          [help, ...pages].some((page) => lists(page, one)),
          `--${one.name}`,
        ).to.equal(true);
      }
    });

    it(`${name}: has conflicts only with flags that it has`, () => {
      const options = new Map([...allOptions(command), ...OPTIONS].map((one) => [one.name, one]));
      for (const one of allOptions(command))
        for (const term of (one.conflicts ?? []).flatMap(({ with: others = [], without = [] }) => [
          ...others,
          ...without,
        ])) {
          const [name, value] = term.replace(/^--/, '').split('=');
          const other = options.get(name ?? '');
          expect(other, `${term} of --${one.name}`).to.not.equal(undefined);
          if (value !== undefined) expect(other?.choices, term).to.include(value);
        }
    });
  }

  it('has a name of its own', () => {
    const names = ALL_COMMANDS.map(({ name }) => name);
    expect(new Set(names).size).to.equal(names.length);
    for (const { name, subcommands = [] } of COMMANDS)
      for (const one of subcommands) expect(one.name.split(' ').slice(0, -1).join(' ')).to.equal(name);
  });
});

describe('the first screen', () => {
  const run = COMMANDS[0]!;
  const section = (title: string, installed = false): string =>
    helpText(withCommands(run, installed)).split(`${title}:\n`)[1]?.split('\n\n')[0] ?? '';
  const MAINTAINERS = [
    'replay',
    'kind:images',
    'policy',
    'rehearse',
    'bench',
    'detect',
    'published',
    'kind:node-image',
  ];

  it('separates commands for users from those for maintainers', () => {
    const maintainers = section('Commands for maintainers of this project');
    for (const name of MAINTAINERS) {
      expect(maintainers).to.contain(`npm run ${name} `);
      expect(section('Commands (each has its own --help)')).to.not.contain(`npm run ${name} `);
    }
    expect(maintainers).to.not.contain('doctor');
  });

  it('of an installed package lists only commands for users', () => {
    const help = helpText(withCommands(run, true));
    expect(help).to.match(/^  npx eks-pod-identity-conformance doctor$/m);
    for (const name of MAINTAINERS) expect(help).to.not.match(new RegExp(`conformance ${name.replace(':', '-')}\\b`));
    expect(help).to.not.contain('for maintainers');
  });

  it('says which question can, evaluate, doctor and loosen answer', () => {
    const names = [...section('Which command answers which question').matchAll(/^  (\w+) +\w/gm)].map(
      ([, name]) => name,
    );
    expect(names).to.have.members(['can', 'evaluate', 'doctor', 'loosen']);
  });
});

describe('a subcommand', () => {
  for (const [what, argv, sentence] of [
    [
      'a flag of the command',
      ['doctor', 'pod', 'a', '--fail-on', 'error'],
      /^--fail-on is not a flag of this command, but of `doctor`/,
    ],
    [
      'a flag of a subcommand',
      ['doctor', '--timeout', '5m'],
      /^--timeout is not a flag of this command, but of `doctor wait`/,
    ],
    ['a missing argument', ['doctor', 'pod'], /^Too few arguments: give NAME\. See `npm run doctor -- pod --help`\.$/],
    ['too many arguments', ['doctor', 'pod', 'a', 'b'], /^Too many arguments \("b"\): give NAME\./],
    [
      'a file without a flag',
      ['doctor', 'migration', 'x'],
      /^Unexpected argument "x"\. See `npm run doctor -- migration --help`\.$/,
    ],
    [
      'two namespaces',
      ['can', '-n', 'a', 'b/c', 's3:GetObject', 'arn:aws:s3:::d/e'],
      /^"b\/c" names a namespace, so --namespace a has no effect/,
    ],
    [
      'four words',
      ['can', '--service-account', 'a', 'b/c', 's3:GetObject', 'arn:aws:s3:::d/e'],
      /^Give ACTION and RESOURCE, not 3 arguments/,
    ],
    [
      'a plan and a template',
      ['can', 'b/c', 's3:GetObject', 'arn:aws:s3:::d/e', '--terraform', 'a', '--template', 'b'],
      /^--terraform does not work with --template/,
    ],
  ] as const)
    it(`rejects ${what} in one sentence`, async () => {
      const { code, err } = await executed(undefined, argv);
      expect(err.trimEnd()).to.match(sentence).and.to.not.contain('\n');
      expect(code).to.equal(2);
    });

  it('may follow flags of its command, whose values are no words', async () => {
    const { err } = await executed(undefined, ['doctor', '--from', '/none', 'pod', 'a']);
    expect(err).to.contain('/none cannot be read');
  });

  it('is also selected by an alias, or by a flag of its name', async () => {
    const explained = await executed(undefined, ['doctor', 'explain', 'PID201']);
    expect(explained.out).to.match(/^### PID201 /);
    expect(await executed(undefined, ['doctor', 'pid201'])).to.deep.equal(explained);
    const who = ['s3:GetObject', 'arn:aws:s3:::data/*'];
    expect(await executed(undefined, ['can', '--who', ...who])).to.deep.equal(
      await executed(undefined, ['can', 'who', ...who]),
    );
  });
});

describe('the recipe', () => {
  const printed = async (command: Command, ...argv: readonly string[]) => executed(async () => command, argv);

  it('for a flag: an entry among the options is parsed, in the help, and rejected by its conflicts', async () => {
    const toy: Command = {
      ...COMMANDS.find(({ name }) => name === 'preflight')!,
      options: [
        option.text('greeting TEXT', 'print this greeting', {
          default: 'hello',
          conflicts: [{ with: ['shy'], because: 'it is loud' }],
        }),
        option.flag('shy', 'print nothing'),
      ],
      run: async ({ text }, { stdout }) => (stdout.write(`${text('greeting')}\n`), 0),
    };
    expect((await printed(toy)).out).to.equal('hello\n');
    expect((await printed(toy, '--greeting', 'good day')).out).to.equal('good day\n');
    expect((await printed(toy, '--help')).out).to.contain('--greeting TEXT  print this greeting (default hello)\n');
    expect(await printed(toy, '--greeting', 'a', '--shy')).to.deep.equal({
      code: 2,
      out: '',
      err: '--greeting does not work with --shy, because it is loud: leave one of them out.\n',
    });
  });

  it('for a format: a function in the map of a report is a choice of --format', async () => {
    const formats: Formats<{ readonly name: string }> = {
      terminal: ({ name }) => `${name}\n`,
      shout: ({ name }) => `${name.toUpperCase()}!\n`,
    };
    const toy: Command = {
      ...COMMANDS.find(({ name }) => name === 'preflight')!,
      options: [formatOption(formats)],
      run: async (given, io) => (await print({ name: 'toy' }, formats, given, io), 0),
    };
    expect((await printed(toy)).out).to.equal('toy\n');
    expect((await printed(toy, '--format', 'shout')).out).to.equal('TOY!\n');
    expect((await printed(toy, '--help')).out).to.contain('--format terminal|shout');
    expect((await printed(toy, '--format', 'shot')).err).to.equal(
      '--format is "shot": did you mean "shout"? (one of terminal, shout)\n',
    );
  });
});
