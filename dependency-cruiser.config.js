/**
 * Which folder may import what (docs/architecture.md), and that no imports run in a circle. Tests may import anything.
 * `import type` counts as any import.
 */
const FOLDERS = [
  'foundation',
  'kubernetes',
  'emulator',
  'components',
  'clients',
  'clusters',
  'faults',
  'detection',
  'harness',
  'page',
  'suites',
  'cli',
  'scripts',
  'test',
];

/** What a folder may import beside itself; a folder that is not named here may import anything. Paths are beginnings. */
const MAY_IMPORT = {
  foundation: [],
  kubernetes: ['foundation/'],
  emulator: ['foundation/'],
  'components/go': [],
  'components/agent': ['foundation/', 'components/go/'],
  'components/webhook': ['foundation/', 'components/go/'],
  'components/probe': ['foundation/'],
  clients: ['foundation/', 'components/probe/'],
  clusters: ['foundation/', 'clients/', 'kubernetes/', 'emulator/', 'components/(agent|webhook|probe)/'],
  faults: ['foundation/'],
  detection: ['foundation/', 'clients/', 'faults/', 'harness/', 'scripts/(tables|bundles|freshness)\\.[jt]s$'],
  harness: [
    'foundation/',
    'clients/',
    'clusters/',
    'emulator/',
    'components/(agent|webhook|probe)/',
    'faults/',
    'page/data\\.ts$',
  ],
  page: [
    'harness/matrix/pairs\\.ts$',
    'harness/report/(results|client-table|detection-schema)\\.ts$',
    'harness/compare/comparison-schema\\.ts$',
  ],
  suites: ['harness/index\\.ts$', 'foundation/(aws-problem|kubernetes/certificates)\\.ts$'],
  cli: FOLDERS.filter((folder) => folder !== 'suites' && folder !== 'test').map((folder) => `${folder}/`),
};

export default {
  forbidden: [
    {
      name: 'no-circle',
      comment: 'Move what both need to a file of its own.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    ...Object.entries(MAY_IMPORT).map(([folder, allowed]) => ({
      name: `imports-of-${folder.replace('/', '-')}`,
      comment: `${folder}/ may import only its own files and: ${allowed.join(', ') || 'nothing'}.`,
      severity: 'error',
      from: { path: `^${folder}/`, pathNot: '\\.test\\.ts$' },
      to: { path: `^(${FOLDERS.join('|')})/`, pathNot: [`${folder}/`, ...allowed].map((path) => `^${path}`) },
    })),
  ],
  options: {
    includeOnly: `^(${FOLDERS.join('|')})/`,
    tsPreCompilationDeps: true,
    moduleSystems: ['es6'],
  },
};
