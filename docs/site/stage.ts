/** Copies the pages of the project into a folder from which the site is built, and completes them. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { format } from 'prettier';

/** Pages outside docs/, by the name that they have on the site. */
const OTHER_PAGES: Readonly<Record<string, string>> = {
  'README.md': 'index.md',
  'CONTRIBUTING.md': 'contributing.md',
  'CHANGELOG.md': 'changelog.md',
  'SECURITY.md': 'security.md',
  'suites/README.md': 'suites.md',
  'docs/published/README.md': 'published.md',
};

/** A place of a generated part. Its text, a table or a sentence with a link, is that of the repository. */
export const GENERATED = /^<!-- generated: (\S+) -->\n([\s\S]*?)^<!-- end -->$/gm;

/** Folder of the site with files of the project to which pages link. */
const SOURCE = 'source';

/**
 * Writes the pages to `folder`, and the files to which they link to its subfolder `public`. `parts`: generated parts by name.
 * Throws if a page links to a missing file or names an unknown part.
 */
export function stagePages(root: string, folder: string, parts: ReadonlyMap<string, string>): void {
  const docs = readdirSync(join(root, 'docs')).filter((file) => file.endsWith('.md'));
  const pages = new Map([...docs.map((file) => [`docs/${file}`, file] as const), ...Object.entries(OTHER_PAGES)]);
  mkdirSync(folder, { recursive: true });
  cpSync(join(root, 'docs', 'images'), join(folder, 'images'), { recursive: true });
  for (const [path, name] of pages) {
    const text = readFileSync(join(root, path), 'utf8').replace(GENERATED, (_place, part: string) => {
      const generated = parts.get(part);
      if (generated === undefined) throw new Error(`${path} names the unknown generated part "${part}".`);
      return generated;
    });
    const linked = outsideCode(text, (prose) =>
      prose.replace(/\]\((?![a-z]+:|#)([^)\s#]*)(#[^)\s]*)?\)/g, (_link, target: string, anchor = '') => {
        const file = posix.join(posix.dirname(path), target).replace(/\/$/, '');
        return `](${addressOf(root, folder, pages, file, path)}${anchor})`;
      }),
    );
    writeFileSync(join(folder, name), linked);
  }
}

/** Returns a page of the repository with its generated tables from `parts`. Other places of generated parts keep their text. */
export async function withTables(page: string, parts: ReadonlyMap<string, string>): Promise<string> {
  let text = page;
  for (const [place, part = '', old = ''] of page.matchAll(GENERATED))
    if (/^\|/m.test(old)) {
      const table = await format(parts.get(part) ?? '', { parser: 'markdown' });
      text = text.replace(place, `<!-- generated: ${part} -->\n\n${table}\n<!-- end -->`);
    }
  return text;
}

/** Applies `change` to the text outside of code blocks. */
const outsideCode = (text: string, change: (prose: string) => string): string =>
  text
    .split(/^(```[\s\S]*?^```)$/m)
    .map((part) => (part.startsWith('```') ? part : change(part)))
    .join('');

function addressOf(
  root: string,
  folder: string,
  pages: ReadonlyMap<string, string>,
  file: string,
  from: string,
): string {
  const [, suite] = /^suites\/([^/.]+)$/.exec(file) ?? [];
  if (suite !== undefined) return `./scenario-list.md#${suite}`;
  const page = pages.get(file) ?? pages.get(`${file}/README.md`);
  if (page !== undefined) return `./${page}`;
  if (file.startsWith('docs/images/')) return `./${posix.relative('docs', file)}`;
  const path = join(root, file);
  if (!existsSync(path)) throw new Error(`${from} links to ${file}, which does not exist.`);
  if (statSync(path).isDirectory()) return addressOf(root, folder, pages, `${file}/README.md`, from);
  // Servers would give sources types such as video/mp2t.
  const name = /\.(json|svg|png)$/.test(file) ? file : `${file}.txt`;
  const copy = join(folder, 'public', SOURCE, name);
  mkdirSync(dirname(copy), { recursive: true });
  cpSync(path, copy);
  return `/${SOURCE}/${name}`;
}
