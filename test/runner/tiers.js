/**
 * Test files of each command. Each file belongs to exactly one of these tiers, or to `npm test`, which runs all others.
 * Globs of slow files come first, so that no process has to run a slow file alone at the end.
 */
export const TIERS = {
  /** Tests that require a Docker engine. */
  docker: ['test/docker/**/*.test.ts'],
  /** Tests of the HTML page and of the site in Chromium. */
  browser: ['test/browser/**/*.test.ts'],
  /** Whole runs on emulated Amazon EKS, and on other emulators; the identities that `doctor` predicts for pods of scenarios; its plans of migrations. */
  rehearsal: [
    'test/doctor/scenarios.test.ts',
    'test/doctor/migration.test.ts',
    'test/rehearsal/policy.test.ts',
    'test/{rehearsal/!(policy),contract/{ministack,localstack,emulator-page},cli/eks}.test.ts',
  ],
};

/** Globs of all tests. */
export const FILES = [
  // These mostly wait.
  'harness/world/propagation.test.ts',
  'harness/world/iam.test.ts',
  'emulator/eks-auth/propagation.test.ts',
  'emulator/sts/propagation.test.ts',
  'test/**/*.test.ts',
  '{bin,aws,clusters,components,docs,doctor,emulator,examples,foundation,harness,identity,scripts,suites}/**/!(propagation|iam).test.ts',
];

/**
 * Returns each `count`th of these files, beginning with one that depends on the seed, a hexadecimal number: with `count` seeds in a
 * row, all of them.
 *
 * @param {readonly string[]} files
 * @param {number} count
 * @param {string} seed
 */
export function sampled(files, count, seed) {
  const first = parseInt(seed.slice(-6), 16) % count;
  if (Number.isNaN(first)) throw new Error(`The seed of a sample of tests is "${seed}". Use a commit's hash.`);
  return files.filter((_, place) => place % count === first);
}
