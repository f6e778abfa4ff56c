/**
 * Which folder may import what (docs/architecture.md), and that no imports run in a circle. Tests may import anything.
 * `import type` counts as any import. Each folder of the root and of a layered folder needs an entry here.
 */
import { existsSync, readdirSync } from 'node:fs';

/** What a folder may import besides its own files, lowest first; paths are the beginnings of regular expressions. */
const MAY_IMPORT = {
  foundation: [],
  aws: ['foundation/'],
  identity: ['foundation/'],
  emulator: ['foundation/', 'identity/'],
  'components/go': [],
  'components/agent': ['foundation/', 'components/go/'],
  'components/webhook': ['foundation/', 'components/go/'],
  'components/probe': ['foundation/'],
  'components/preflight': ['foundation/'],
  'components/clients': ['foundation/', 'components/probe/'],
  'clusters/kubernetes': ['foundation/'],
  clusters: ['foundation/', 'aws/', 'emulator/', 'components/(agent|webhook|probe|clients)/'],
  harness: ['foundation/', 'aws/', 'identity/', 'emulator/', 'components/(agent|webhook|probe|clients)/', 'clusters/'],
  doctor: ['foundation/', 'aws/', 'identity/', 'components/webhook/', 'components/preflight/report\\.ts$'],
  suites: ['harness/index\\.ts$', 'foundation/(aws/aws-problem|node/certificates)\\.ts$'],
  scripts: [
    'foundation/',
    'aws/',
    'identity/',
    'emulator/',
    'components/',
    'clusters/',
    'harness/',
    'doctor/',
    'test/support/',
  ],
  bin: ['foundation/', 'aws/', 'identity/', 'emulator/', 'components/', 'clusters/', 'harness/', 'doctor/', 'scripts/'],
  'docs/site': ['foundation/', 'identity/', 'emulator/', 'harness/', 'doctor/', 'scripts/', 'bin/'],
};

/**
 * The folders of a folder, lowest first: each may import those before it. "." is the folder's own files; without it they are
 * above all.
 */
const LAYERS = {
  foundation: ['protocols', 'node', 'aws'],
  identity: ['policy', 'deployment', 'policy-file', 'evaluate'],
  emulator: [
    'core',
    'constraints',
    'iam',
    'world',
    'query',
    'sigv4',
    'iam-api',
    'ec2',
    's3',
    'sts',
    'eks',
    'eks-auth',
    'http',
  ],
  clusters: ['kubernetes', 'interface', 'common', 'in-cluster', 'embedded', 'kind', 'eks'],
  'clusters/embedded': ['node'],
  'clusters/kind': ['docker', 'images'],
  'clusters/kubernetes': ['api-server', 'kubelet'],
  'clusters/kubernetes/api-server': [
    'model',
    'patch',
    'store',
    'authorization',
    'identity',
    'admission',
    'rest',
    'controllers',
    'discovery',
    'protobuf',
    'http',
  ],
  harness: [
    'kubernetes-client',
    'aws-target',
    'results',
    'scenario',
    'scenario-files',
    'config',
    'world',
    'verdict',
    'predict',
    'policies',
    'load',
    'operations',
    'cleanup',
    'compare',
    'page',
    'plan',
    'gate',
    'report',
    'record',
    'diagnostics',
    'engine',
    'merge',
    'in-cluster',
    'watch',
    'loosen',
  ],
  doctor: ['snapshot', 'facts', 'checks', 'judge', 'collect', 'access', 'pod', 'inside', 'wait', 'migration', 'output'],
  scripts: ['.', 'ci', 'bench', 'prose', 'node-image', 'faults', 'detection', 'replay', 'cloud', 'policy', 'rehearsal'],
};

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
  if (above)
    throw new Error(`${folder} may not import ${above}, which is above it: change dependency-cruiser.config.js.`);
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
  throw new Error(`No rule says what ${unruled.join(', ')} may import: add one to dependency-cruiser.config.js.`);

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
