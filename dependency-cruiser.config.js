/**
 * Which folder may import what (docs/architecture.md), and that no imports run in a circle. Tests may import anything.
 * `import type` counts as any import. Each folder of the root and of a layered folder needs an entry here.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';

/**
 * `mayImport`: what a folder may import besides its own files, lowest first; paths are the beginnings of regular expressions.
 * `layers`: the folders of a folder, lowest first. Each may import those before it. "." is the folder's own files; without
 * it they are above all.
 */
const { mayImport: MAY_IMPORT, layers: LAYERS } = JSON.parse(
  readFileSync(new URL('dependency-rules.json', import.meta.url), 'utf8'),
);

const WITHOUT_CODE = /^(\.|dist$|examples$|node_modules$|reports$|test$)/;

const foldersOf = (folder) =>
  existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && !WITHOUT_CODE.test(entry.name))
        .map(({ name }) => name)
    : [];

const TOP = foldersOf('.');
const topOf = (path) => path.split('/')[0];
const ruled = [...new Set(Object.keys(MAY_IMPORT).map(topOf))];
for (const [folder, allowed] of Object.entries(MAY_IMPORT)) {
  const above = allowed.find((path) => ruled.indexOf(topOf(path)) > ruled.indexOf(topOf(folder)));
  if (above) throw new Error(`${folder} may not import ${above}, which is above it: change dependency-rules.json.`);
}
const unruled = [
  ...TOP.filter((name) => !ruled.includes(name)),
  ...Object.entries(LAYERS).flatMap(([folder, layers]) =>
    foldersOf(folder)
      .filter((name) => !layers.includes(name))
      .map((name) => `${folder}/${name}`),
  ),
];
if (unruled.length > 0)
  throw new Error(`No rule says what ${unruled.join(', ')} may import: add one to dependency-rules.json.`);

/** Folders of a folder that have rules of their own. */
const ruledWithin = (folder) =>
  Object.keys(MAY_IMPORT)
    .filter((other) => other.startsWith(`${folder}/`))
    .map((other) => `^${other}/`);

const pathOf = (folder, layer) => (layer === '.' ? `^${folder}/[^/]+$` : `^${folder}/${layer}/`);

const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

export default {
  forbidden: [
    forbid('no-circle', 'Move what both need to a file of its own.', {}, { circular: true }),
    ...Object.entries(MAY_IMPORT).map(([folder, allowed]) =>
      forbid(
        `imports-of-${folder.replaceAll('/', '-')}`,
        `${folder}/ may import only its own files and: ${allowed.join(', ') || 'nothing'}.`,
        { path: `^${folder}/`, pathNot: ['\\.test\\.ts$', ...ruledWithin(folder)] },
        { path: `^(${[...TOP, 'test'].join('|')})/`, pathNot: [`${folder}/`, ...allowed].map((path) => `^${path}`) },
      ),
    ),
    ...Object.entries(LAYERS).flatMap(([folder, layers]) =>
      layers.map((layer, index) =>
        forbid(
          `layer-${folder.replaceAll('/', '-')}-${layer}`,
          `${folder}/${layer}/ may import of ${folder}/ only the layers below it: ${layers.slice(0, index).join(', ') || 'none'}.`,
          { path: pathOf(folder, layer), pathNot: '\\.test\\.ts$' },
          {
            path: `^${folder}/`,
            pathNot: layers.slice(0, index + 1).map((below) => pathOf(folder, below)),
          },
        ),
      ),
    ),
  ],
  options: {
    includeOnly: `^(${[...TOP, 'test'].join('|')})/`,
    exclude: '^docs/site/(node_modules|pages|dist|\\.vitepress)/',
    tsPreCompilationDeps: true,
    moduleSystems: ['es6'],
  },
};
