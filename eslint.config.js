import tseslint from 'typescript-eslint';

/**
 * The folders' import rules (docs/architecture.md): what each folder may import of the others. A folder that is not
 * named here may import anything.
 */
const FOLDERS = [
  'foundation',
  'kubernetes',
  'emulator',
  'components',
  'clusters',
  'harness',
  'suites',
  'faults',
  'scripts',
  'test',
  'examples',
];
const MAY_IMPORT = {
  foundation: [],
  kubernetes: ['foundation'],
  emulator: ['foundation'],
  'components/agent': ['foundation'],
  'components/webhook': ['foundation'],
  'components/probe': ['foundation'],
  clusters: ['foundation', 'kubernetes', 'emulator', 'components'],
  suites: ['harness'],
  faults: ['foundation', 'emulator', 'components'],
  harness: ['foundation', 'clusters', 'emulator', 'components', 'faults'],
};

/** How deep files lie in a folder, at most: kubernetes/api-server/rest/x.ts is at 3. */
const DEPTHS = [1, 2, 3, 4, 5, 6];

const importRules = Object.entries(MAY_IMPORT).map(([folder, allowed]) => {
  const own = folder.split('/')[0];
  const forbidden = FOLDERS.filter((other) => other !== own && !allowed.includes(other));
  const siblings = folder.startsWith('components/')
    ? ['agent', 'webhook', 'probe'].filter((c) => `components/${c}` !== folder).map((c) => `../${c}/**`)
    : [];
  return {
    files: [`${folder}/**/*.ts`],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: [
                ...forbidden.flatMap((other) => DEPTHS.map((depth) => `${'../'.repeat(depth)}${other}/**`)),
                ...siblings,
              ],
              message: `${folder}/ may import only: ${allowed.length > 0 ? allowed.join(', ') : 'nothing of the other folders'}.`,
            },
            ...(folder === 'suites'
              ? [
                  {
                    regex: '^\\.\\./harness/(?!index\\.ts$)',
                    message: 'Suites import the public surface, harness/index.ts, alone.',
                  },
                ]
              : []),
          ],
        },
      ],
    },
  };
});

export default tseslint.config(
  { ignores: ['dist/**', '.dist-*/**', 'node_modules/**', 'reports/**', '.cache/**'] },
  ...tseslint.configs.recommendedTypeChecked.map((config) => ({ ...config, files: ['**/*.ts'] })),
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      eqeqeq: 'error',
    },
  },
  {
    files: ['**/*.test.ts'],
    rules: { '@typescript-eslint/no-unused-expressions': 'off', '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  ...importRules,
);
