import { expect } from 'chai';
import { problemsOf } from './rules.ts';
import { textsOf } from './texts.ts';

describe('the prose linter', () => {
  const texts = (file: string, source: string) => textsOf(file, source).map(({ line, text }) => `${line}: ${text}`);

  it('reads comments, strings and templates of code without code and quotations', () => {
    const source = [
      '/**',
      ' * Returns the `name` of a pod.',
      ' *',
      ' * - A list item is a text.',
      ' */',
      '// Two lines that follow',
      '// each other are one.',
      "const a = 'The message of an error';",
      'const b = `Pod ${a} says "in vain" twice`;',
    ].join('\n');
    expect(texts('a.ts', source)).to.have.members([
      '2: Returns the Name of a pod.',
      '4: A list item is a text.',
      '6: Two lines that follow each other are one.',
      '8: The message of an error',
      '9: Pod Name says Name twice',
    ]);
  });

  it('reads paragraphs and table cells of Markdown', () => {
    expect(
      texts('a.md', '# The title of it\n\nA text with `code` in it.\n\n| one cell here | another cell there |\n'),
    ).to.deep.equal(['1: The title of it', '3: A text with Name in it.', '5: one cell here', '5: another cell there']);
  });

  for (const [text, advice] of [
    ['Of a pod the name is known.', 'Begin with the subject'],
    ['The run waited in vain for it.', 'in vain'],
    ['The list is read anew each time.', '"again"'],
    ['It names the roles that there are.', 'does not exist'],
    ['The user is told about it.', '"report"'],
    ['It removes what is left of a run.', 'noun'],
    ['It lets in whoever asks for it.', 'Name who'],
    [`${'word '.repeat(31)}ends.`, 'Split a sentence of 32 words'],
  ] as const)
    it(`reports "${text.slice(0, 40)}"`, () => {
      expect(problemsOf(text).join('\n')).to.contain(advice);
    });

  const findings = (source: string) => textsOf('a.ts', source).flatMap(({ text, doc }) => problemsOf(text, doc));

  for (const source of [
    '/** The role whose session pods get. */\nconst roleOf = () => 1;',
    '/** A case of a workload. The text is the same. */\nexport function podCase() {}',
    'class A {\n  /** The gaps of a reading. */\n  gaps() {}\n}',
    'interface A {\n  /** With the original policy. */\n  readonly scenario: string;\n}',
    '/** Between two polls of AWS, in milliseconds. */\nconst POLL = 1;',
  ])
    it(`reports the fragment of ${source
      .split('\n')
      .find((line) => line.includes('/**'))!
      .trim()}`, () => expect(findings(source).join()).to.match(/^Begin with a (verb|noun)/));

  for (const source of [
    '/** Returns the role of a pod. The name is known. */\nconst roleOf = () => 1;',
    '/** The last of several variables counts. */\nfunction variable() {}',
    '/** The role of a pod. */\nconst ROLE = 1;',
    '/** The list of scenarios. */\nconst List = () => 1;',
    'interface A {\n  /** In milliseconds. */\n  readonly age: number;\n  /** By ARN. */\n  readonly roles: object;\n}',
    '/** With the first answer, the list is complete. */\nconst FIRST = 1;',
  ])
    it(`accepts ${source
      .split('\n')
      .find((line) => line.includes('/**'))!
      .trim()}`, () => expect(findings(source)).to.deep.equal([]));

  it('accepts plain sentences', () => {
    expect(
      problemsOf('Deletes objects whose owner no longer exists. What is the name? Of course, it fails.'),
    ).to.deep.equal([]);
  });
});
