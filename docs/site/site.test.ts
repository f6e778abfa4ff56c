import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { stagePages } from './stage.ts';

const PAGES = {
  'README.md': '# Start\n',
  'CONTRIBUTING.md': '',
  'CHANGELOG.md': '',
  'SECURITY.md': '',
  'suites/README.md': '',
  'docs/published/README.md': '',
  'docs/images/a.svg': '<svg/>',
};

describe('site', () => {
  let root: string;
  const write = (files: Readonly<Record<string, string>>): void => {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), text);
    }
  };
  const staged = (page: string, text: string): string => {
    write({ ...PAGES, 'examples/a.ts': 'export {};\n', [page]: text });
    stagePages(root, join(root, 'out'), new Map([['list', '- one']]));
    return readFileSync(join(root, 'out', page.replace(/^docs\//, '').replace('README', 'index')), 'utf8');
  };
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'conformance-site-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  for (const [what, page, text, expected] of [
    ['a link from README.md to a page', 'README.md', '[a](docs/a.md#b)', '[a](./a.md#b)'],
    ['a link between pages', 'docs/a.md', '[b](b.md)', '[b](./b.md)'],
    ['a link to README.md', 'docs/a.md', '[home](../README.md#start)', '[home](./index.md#start)'],
    ['a link to a source', 'docs/a.md', '[a](../examples/a.ts)', '[a](/source/examples/a.ts.txt)'],
    ['a link to a suite', 'docs/a.md', '[irsa](../suites/irsa)', '[irsa](./scenario-list.md#irsa)'],
    ['an image', 'docs/a.md', '![a](images/a.svg)', '![a](./images/a.svg)'],
    ['another site', 'docs/a.md', '[a](https://aws.amazon.com/eks)', '[a](https://aws.amazon.com/eks)'],
    ['a code block', 'docs/a.md', '```\n[a](docs/a.md)\n```', '```\n[a](docs/a.md)\n```'],
    ['a generated part', 'docs/a.md', '<!-- generated: list -->\n\n[a](b)\n\n<!-- end -->\n', '- one\n'],
  ] as const)
    it(`stagePages: ${what}`, () => {
      write({ 'docs/a.md': '', 'docs/b.md': '' });
      expect(staged(page, text)).to.equal(expected);
    });

  it('stagePages: rejects a link to a missing file, and an unknown part', () => {
    expect(() => staged('docs/a.md', '[a](../examples/none.ts)')).to.throw('docs/a.md links to examples/none.ts');
    expect(() => staged('docs/a.md', '<!-- generated: none -->\n<!-- end -->')).to.throw(
      'unknown generated part "none"',
    );
  });
});
