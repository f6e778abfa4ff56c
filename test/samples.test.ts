import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { pageSamples } from './support/page-commands.ts';
import { ROOT, runConformance } from './support/run-cli.ts';

/** Replaces parts that differ between runs: progress on a slow machine, ids, times and the order of scenarios. */
const normalized = (text: string): string =>
  text
    .replaceAll(/^\.\.\. .*\n/gm, '')
    .replaceAll(/(?:^ {2}(?:ok|FAILED) .*\n(?: {3,}.*\n)*)+/gm, (results) => sorted(results))
    .replaceAll(/\bc[0-9a-f]{6}\b/g, '<run>')
    .replaceAll(/\b\d+ ms\b/g, '<time>')
    .replaceAll(/\b\d+\.\d+ s\b/g, '<time>')
    .replaceAll(/AWS calls: \d+/g, 'AWS calls: <count>')
    .replaceAll(/\s+/g, ' ');

/** Returns the results of scenarios in the order of their ids, failed ones last. */
const sorted = (results: string): string =>
  results
    .split(/^(?= {2}\S)/m)
    .sort((one, other) => Number(/^ {2}F/.test(one)) - Number(/^ {2}F/.test(other)) || (one < other ? -1 : 1))
    .join('');

/** Returns a pattern for a sample. `…` matches anything. Line breaks may differ, since the lengths of ids do. */
const patternOf = (sample: string): RegExp =>
  new RegExp(
    normalized(`${sample.trimEnd()}\n`)
      .trim()
      .split(/ ?… ?/)
      .map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
      .join('.*?'),
  );

/** Returns the output of a command on both streams. */
async function outputOf(command: string): Promise<string> {
  const spoken = [...command.matchAll(/'([^']*)'|\S+/g)].map(([word, quoted]) => quoted ?? word);
  const [script = '', ...words] = spoken.filter((word) => word !== '--');
  const absolute = (path: string): string => (existsSync(join(ROOT, path)) ? join(ROOT, path) : path);
  const args = words.map((word) => word.split(' ').map(absolute).join(' '));
  const { stdout, stderr } = await runConformance({
    args,
    reports: 'own',
    // Lines that wrap could not be sorted.
    env: { COLUMNS: '1000' },
    ...(script !== 'conformance' && { command: script }),
  });
  return `${stderr}${stdout}`;
}

describe('output samples in the documentation', () => {
  const samples = pageSamples();

  it('exist', () => expect(samples.length).to.be.greaterThan(3));

  for (const { page, command, output } of samples)
    it(`${page}: ${command} prints the quoted output`, async () => {
      expect(normalized(await outputOf(command))).to.match(patternOf(output));
    });
});
