import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { runConformance } from './support/run-cli.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const TEXTS = ['README.md', ...readdirSync(join(root, 'docs')).map((file) => join('docs', file))].filter((file) =>
  file.endsWith('.md'),
);

interface Sample {
  readonly file: string;
  /** Command after `npm run `, such as `conformance -- --suite abac`. */
  readonly command: string;
  readonly output: string;
}

/**
 * Returns the commands in a page with their quoted output: an `sh` block of one line, followed by a `text` block. A heading, a table or
 * a list between them separates them.
 */
function samplesOf(file: string): Sample[] {
  const blocks = [...readFileSync(join(root, file), 'utf8').matchAll(/^```(\w+)\n([\s\S]*?)^```$|^(?:#|\||- ).*$/gm)];
  return blocks.flatMap(([, language, output = ''], index) => {
    const [, before, command = ''] = blocks[index - 1] ?? [];
    // Commands for images need Docker, and --watch does not end.
    const match = /^npm run (?!kind:)(?!.* --watch)(.*)\n$/.exec(command);
    return language === 'text' && before === 'sh' && match?.[1] !== undefined
      ? [{ file, command: match[1], output }]
      : [];
  });
}

/** Replaces parts that differ between runs: progress on a slow machine, ids, times and the order of scenarios. */
const normalized = (text: string): string =>
  text
    .replaceAll(/^\.\.\. .*\n/gm, '')
    .replaceAll(/(?:^ {2}ok .*\n)+/gm, (lines) => `${lines.trimEnd().split('\n').sort().join('\n')}\n`)
    .replaceAll(/\bc[0-9a-f]{6}\b/g, '<run>')
    .replaceAll(/\b\d+ ms\b/g, '<time>')
    .replaceAll(/\b\d+\.\d+ s\b/g, '<time>')
    .replaceAll(/AWS calls: \d+/g, 'AWS calls: <count>')
    .replaceAll(/\s+/g, ' ');

/** Returns a pattern for a sample. `…` matches anything. Line breaks may differ, since the lengths of ids do. */
const patternOf = (sample: string): RegExp =>
  new RegExp(
    normalized(sample.trim())
      .split(/ ?… ?/)
      .map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
      .join('.*?'),
  );

/** Returns the output of a command on both streams. */
async function outputOf(command: string): Promise<string> {
  const spoken = [...command.matchAll(/'([^']*)'|\S+/g)].map(([word, quoted]) => quoted ?? word);
  const [script = '', ...words] = spoken.filter((word) => word !== '--');
  const absolute = (path: string): string => (existsSync(join(root, path)) ? join(root, path) : path);
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
  const samples = TEXTS.flatMap(samplesOf);

  it('exist', () => expect(samples.length).to.be.greaterThan(3));

  for (const { file, command, output } of samples)
    it(`${file}: ${command} prints the quoted output`, async () => {
      expect(normalized(await outputOf(command))).to.match(patternOf(output));
    });
});
