import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { HarnessError } from '../../foundation/node/errors.ts';
import { configure } from './configuration.ts';
import { OPTIONS } from './options.ts';
import { variableOf } from './read-options.ts';

const folder = mkdtempSync(join(tmpdir(), 'configuration-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const failure = (run: () => unknown): HarnessError => {
  try {
    run();
  } catch (error) {
    expect(error).to.be.instanceOf(HarnessError);
    return error as HarnessError;
  }
  throw new Error('no error was thrown');
};

describe('the configuration', () => {
  it('reads each kind of option from the command line', () => {
    const configuration = configure(
      [
        '--quiet',
        '--verbose=no',
        '--grep',
        'a=b',
        '--parallel=3',
        '--keep',
        'always',
        '--suite',
        'abac, irsa',
        '--suite=rbac',
      ],
      {},
    );
    expect(configuration.flag('quiet')).to.equal(true);
    expect(configuration.flag('verbose')).to.equal(false);
    expect(configuration.text('grep')).to.equal('a=b');
    expect(configuration.number('parallel')).to.equal(3);
    expect(configuration.text('keep')).to.equal('always');
    expect(configuration.list('suite')).to.deep.equal(['abac', 'irsa', 'rbac']);
    expect(configuration.list('scenario')).to.deep.equal([]);
  });

  it('has other defaults on EKS, which flags override', () => {
    const values = (argv: readonly string[]) => {
      const configuration = configure(argv, {});
      return (['parallel', 'timeout', 'ready-timeout'] as const).map((name) => configuration.number(name));
    };
    expect(values([])).to.deep.equal([16, 60, 300]);
    expect(values(['--cluster', 'kind'])).to.deep.equal([16, 60, 300]);
    expect(values(['--cluster', 'eks'])).to.deep.equal([64, 300, 2700]);
    expect(values(['--parallel', '3', '--cluster', 'eks'])).to.deep.equal([3, 300, 2700]);
  });

  it('keeps an equals sign in a value', () => {
    expect(configure(['--grep=a=b=c'], {}).text('grep')).to.equal('a=b=c');
  });

  it('prefers flag, then environment, then config file, then default, and records the origin', () => {
    const path = file('all.json', JSON.stringify({ parallel: 2, timeout: 20, retries: 5, suite: ['from-file'] }));
    const environment = { CONFORMANCE_PARALLEL: '3', CONFORMANCE_TIMEOUT: '30', CONFORMANCE_SUITE: 'a,b' };
    const configuration = configure(['--config', path, '--parallel', '4'], environment);
    const values = (['parallel', 'timeout', 'retries', 'max-failures'] as const).map((name) =>
      configuration.values.get(name),
    );
    expect(values).to.deep.equal([
      { value: 4, origin: 'flag' },
      { value: 30, origin: 'environment' },
      { value: 5, origin: 'config file' },
      { value: 0, origin: 'default' },
    ]);
    expect(configuration.list('suite')).to.deep.equal(['a', 'b']);
  });

  for (const [name, text] of [
    ['options.json', '{"suite": ["abac"], "quiet": true, "seed": 7, "timeout": "9", "keep": "on-failure"}'],
    ['options.yaml', '# a comment\nsuite: [abac]\nquiet: yes\nseed: 7\ntimeout: 9\nkeep: on-failure\n'],
  ] as const) {
    it(`reads ${name}`, () => {
      const configuration = configure(['--config', file(name, text)], {});
      expect(configuration.list('suite')).to.deep.equal(['abac']);
      expect(configuration.flag('quiet')).to.equal(true);
      expect(configuration.text('seed')).to.equal('7');
      expect(configuration.number('timeout')).to.equal(9);
      expect(configuration.text('keep')).to.equal('on-failure');
    });
  }

  it('has an environment variable for each option that a file may set', () => {
    for (const option of OPTIONS) {
      const raw = { flag: 'true', number: '7', choice: option.choices?.[1] ?? '', list: 'a,b', text: 'word' }[
        option.kind
      ];
      const environment = { [variableOf(option.name)]: raw };
      if (option.commandLineOnly) expect(failure(() => configure([], environment)).code).to.equal('UNKNOWN_FLAG');
      else expect(configure([], environment).values.get(option.name)?.origin, option.name).to.equal('environment');
    }
  });

  it('treats an empty environment variable as unset', () => {
    expect(configure([], { CONFORMANCE_PARALLEL: '' }).values.get('parallel')?.origin).to.equal('default');
  });

  const wrong: readonly (readonly [string, readonly string[], string, string])[] = [
    ['an unknown flag', ['--paralel', '3'], 'UNKNOWN_FLAG', 'Unknown flag --paralel: did you mean --parallel?'],
    ['a misspelt flag', ['--sute', 'abac'], 'UNKNOWN_FLAG', 'Unknown flag --sute: did you mean --suite?'],
    ['a flag unlike any other', ['--zzzzzzzzzzzzzzzz'], 'UNKNOWN_FLAG', 'see --help'],
    ['an argument', ['abac'], 'UNKNOWN_FLAG', 'Unexpected argument "abac"'],
    ['an argument after two dashes', ['--', 'abac'], 'UNKNOWN_FLAG', 'Unexpected argument "abac"'],
    ['a flag with one dash', ['-x'], 'UNKNOWN_FLAG', 'Unknown flag -x'],
    ['a missing value', ['--suite'], 'BAD_FLAG_VALUE', '--suite needs a value (NAME)'],
    ['a flag instead of a value', ['--suite', '--quiet'], 'BAD_FLAG_VALUE', '--suite needs a value'],
    [
      'a word instead of a number',
      ['--parallel', 'many'],
      'BAD_FLAG_VALUE',
      '--parallel is "many": give a whole number of at least 1',
    ],
    ['a fraction', ['--parallel', '1.5'], 'BAD_FLAG_VALUE', 'whole number'],
    ['a number that is too small', ['--parallel', '0'], 'BAD_FLAG_VALUE', 'at least 1'],
    ['a number that is too great', ['--parallel', '1001'], 'BAD_FLAG_VALUE', 'at least 1 and at most 1000'],
    ['a number with an exponent', ['--parallel', '1e9'], 'BAD_FLAG_VALUE', '--parallel is "1e9": give a whole number'],
    ['a negative number', ['--retries', '-1'], 'BAD_FLAG_VALUE', 'at least 0'],
    ['a timeout above the maximum of timers', ['--timeout', '2147484'], 'BAD_FLAG_VALUE', 'at most 86400'],
    ['an empty number', ['--timeout='], 'BAD_FLAG_VALUE', 'whole number'],
    ['an invalid choice', ['--keep', 'alway'], 'BAD_FLAG_VALUE', 'did you mean "always"?'],
    ['a choice unlike any other', ['--compute', 'zzz'], 'BAD_FLAG_VALUE', '"zzz": choose from node-group, auto-mode.'],
    ['a misspelt choice', ['--keep', 'alway'], 'BAD_FLAG_VALUE', '"always"? (one of never, on-failure, always)'],
    ['an unknown cluster', ['--cluster', 'embeded'], 'BAD_FLAG_VALUE', 'did you mean "embedded"?'],
    ['an empty list', ['--suite', ' , '], 'BAD_FLAG_VALUE', '--suite is empty'],
    ['an empty text', ['--report-dir='], 'BAD_FLAG_VALUE', '--report-dir is empty'],
    ['an invalid regular expression', ['--grep', '('], 'BAD_FLAG_VALUE', 'not a valid regular expression'],
    [
      'an invalid regular expression in --grep-invert',
      ['--grep-invert', '['],
      'BAD_FLAG_VALUE',
      'not a valid regular expression',
    ],
    [
      'a value that is not a boolean',
      ['--quiet=perhaps'],
      'BAD_FLAG_VALUE',
      '--quiet is "perhaps": give true or false',
    ],
    ['a missing config file', ['--config', join(folder, 'none.json')], 'BAD_CONFIG_FILE', 'cannot be read'],
  ];
  for (const [what, argv, code, text] of wrong) {
    it(`rejects ${what}`, () => {
      const error = failure(() => configure(argv, {}));
      expect(error.code).to.equal(code);
      expect(error.exitCode).to.equal(2);
      expect(error.message).to.contain(text);
      expect(error.message).not.to.contain('\n');
    });
  }

  const wrongFiles: readonly (readonly [string, string, string])[] = [
    ['text that is neither JSON nor YAML', '{"a": [', 'cannot be read'],
    ['a list', '[1]', 'must hold an object'],
    ['no content', '', 'must hold an object'],
    ['an unknown option', 'paralell: 3', 'unknown option "paralell", did you mean "parallel"?'],
    ['an option that only the command line accepts', 'list: true', 'unknown option "list"'],
    ['the option config itself', 'config: other.json', 'unknown option "config"'],
    ['a boolean for a number', 'parallel: true', 'parallel in'],
    ['an object for a list', 'suite: {a: 1}', 'wrong type ({"a":1})'],
    ['a list of numbers', 'suite: [1]', 'wrong type'],
    ['null', 'parallel:', 'wrong type (null)'],
    ['a word for a number', 'parallel: many', 'parallel in'],
  ];
  for (const [what, text, message] of wrongFiles) {
    it(`rejects a config file with ${what}`, () => {
      const error = failure(() => configure(['--config', file('wrong.yaml', text)], {}));
      expect(error.code).to.equal('BAD_CONFIG_FILE');
      expect(error.message).to.contain(message).and.to.contain('wrong.yaml');
    });
  }

  it('names the environment variable with an invalid value', () => {
    expect(failure(() => configure([], { CONFORMANCE_PARALLEL: 'x' })).message).to.contain(
      'CONFORMANCE_PARALLEL is "x"',
    );
  });

  it('rejects an unknown variable and suggests the nearest one', () => {
    const error = failure(() => configure([], { CONFORMANCE_PARALEL: '3' }));
    expect([error.code, error.exitCode]).to.deep.equal(['UNKNOWN_FLAG', 2]);
    expect(error.message).to.equal(
      'Unknown environment variable CONFORMANCE_PARALEL: did you mean CONFORMANCE_PARALLEL?',
    );
  });
});
