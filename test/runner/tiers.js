/**
 * Which tests a command runs. Each test file is of one tier: of one of these, or of `npm test`, which runs all others.
 * Globs, those of files that take longest ahead: a file that is begun last and takes long is waited for by one process alone.
 */
export const TIERS = {
  /** Those that need a Docker engine. */
  docker: ['test/docker/**/*.test.ts'],
  /** Those that look at the HTML page in a Chromium. */
  browser: ['test/browser/**/*.test.ts'],
  /** Whole runs on an emulated Amazon EKS, and on other emulators. */
  rehearsal: [
    'test/rehearsal/policy.test.ts',
    'test/{rehearsal/!(policy),contract/{ministack,localstack},cli/eks}.test.ts',
  ],
};

/** All tests. */
export const FILES = [
  // These wait for most of their time.
  'harness/world/propagation.test.ts',
  'harness/world/iam.test.ts',
  'harness/scenario-files/load-limit.test.ts',
  'emulator/eks-auth/propagation.test.ts',
  'emulator/sts/propagation.test.ts',
  'test/**/*.test.ts',
  '{bin,aws,clusters,components,emulator,examples,foundation,harness,scripts,suites}/**/!(propagation|iam|load-limit).test.ts',
];
