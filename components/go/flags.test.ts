import { expect } from 'chai';
import { parseFlags, UsageError } from './flags.ts';

const FLAGS = {
  name: { kind: 'string', short: 'n' },
  host: { kind: 'strings' },
  port: { kind: 'int', short: 'p', most: 65_535, value: 80 },
  offset: { kind: 'int', value: 0 },
  quiet: { kind: 'bool', short: 'q', value: false },
  wait: { kind: 'duration', value: 1000 },
} as const;

describe('parseFlags', () => {
  it('returns the defaults of missing flags', () => {
    const values = { name: undefined, host: undefined, port: 80, offset: 0, quiet: false, wait: 1000 };
    expect(parseFlags(FLAGS, [])).to.deep.equal(values);
  });

  const lines: readonly (readonly [string, object])[] = [
    ['--name=a --port 1', { name: 'a', port: 1 }],
    ['-n a -p1', { name: 'a', port: 1 }],
    ['-n=a -p=1', { name: 'a', port: 1 }],
    ['--name a=b --name=', { name: '' }],
    ['--host a --host=b', { host: ['a', 'b'] }],
    ['--quiet --port 1', { quiet: true, port: 1 }],
    ['--quiet=F', { quiet: false }],
    ['-q', { quiet: true }],
    ['--offset -5 --wait=1m', { offset: -5, wait: 60_000 }],
    ['--name --port', { name: '--port' }],
  ];
  for (const [line, values] of lines) {
    it(`parses ${line}`, () => {
      expect(parseFlags(FLAGS, line.split(' '))).to.deep.include(values);
    });
  }

  const refusals: readonly (readonly [string, string])[] = [
    ['word', 'unexpected argument "word"'],
    ['--', 'unexpected argument "--"'],
    ['--wonder=1', 'unknown flag: --wonder'],
    ['--constructor', 'unknown flag: --constructor'],
    ['-x', 'unknown flag: -x'],
    ['--name', 'flag needs an argument: --name'],
    ['-p', 'flag needs an argument: -p'],
    ['--port=65536', 'invalid argument "65536" for --port: expected a number from 0 to 65535'],
    ['--port=-1', 'invalid argument "-1" for --port: expected a number from 0 to 65535'],
    ['--offset=1.5', 'invalid argument "1.5" for --offset: expected a whole number'],
    ['--quiet=maybe', 'invalid argument "maybe" for --quiet: expected true or false'],
    ['--wait=5', 'invalid argument "5" for --wait: expected a duration such as 3h or 90s'],
    ['--wait=-1s', 'invalid argument "-1s" for --wait: expected a duration such as 3h or 90s'],
  ];
  for (const [line, message] of refusals) {
    it(`rejects ${line}`, () => {
      expect(() => parseFlags(FLAGS, line.split(' '))).to.throw(UsageError, message);
    });
  }
});
