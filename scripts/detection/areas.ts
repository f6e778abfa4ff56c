/** Sources that are mutated together. */
export interface Mutated {
  /** Paths by area: of files, or of folders with an end of `/`. */
  readonly areas: Readonly<Record<string, readonly string[]>>;
  /** What of these is not mutated. */
  readonly leftOut: RegExp;
}

const SUBJECT_AREAS = {
  'iam/policy': ['emulator/iam/policy/'],
  sts: ['emulator/sts/'],
  'eks-auth': ['emulator/eks-auth/'],
  'eks associations': ['emulator/eks/associations/'],
  sigv4: ['emulator/sigv4/'],
  's3 authorization': [
    'emulator/s3/authorize.ts',
    'emulator/s3/conditions.ts',
    'emulator/s3/bucket-policy.ts',
    'emulator/s3/public-access.ts',
  ],
  agent: ['components/agent/'],
  webhook: ['components/webhook/'],
  cluster: [
    'clusters/kubernetes/api-server/identity/',
    'clusters/kubernetes/api-server/rest/token-request.ts',
    'clusters/kubernetes/api-server/model/user.ts',
    'clusters/kubernetes/api-server/authorization/',
    'clusters/kubernetes/kubelet/tokens.ts',
    'clusters/kubernetes/kubelet/volumes.ts',
    'clusters/kubernetes/kubelet/payload.ts',
  ],
};

/** The reference subjects, which scenarios judge. Left out is what no run can reach or a reader alone sees: explanations, texts, logs, programs of images, and what the emulator signs for another S3. */
export const SUBJECTS: Mutated = {
  areas: SUBJECT_AREAS,
  leftOut:
    /\.test\.ts$|\/(explain[\w-]*|condition-keys|access-denied-message|label|log|metrics|options|types|index|main|kept-session)\.ts$|components\/(agent|webhook)\/cli(\.ts|\/)|webhook\/api-server\/access|sigv4\/sign\.ts$/,
};

/** What judges them, which the project's own tests judge: matching, verdicts, skipping, the way of a scenario, and exit codes. */
export const JUDGE: Mutated = {
  areas: {
    matching: [
      'foundation/protocols/expectation.ts',
      'foundation/protocols/denial-cause.ts',
      'harness/world/probe-retries.ts',
      'harness/scenario/retry-rules.ts',
      'components/probe/retry.ts',
    ],
    verdicts: ['harness/verdict/', 'harness/gate/judge.ts', 'harness/results/results.ts'],
    skipping: [
      'harness/scenario/requirements.ts',
      'harness/plan/select.ts',
      'harness/scenario/profiles.ts',
      'harness/aws-target/capabilities.ts',
    ],
    attempts: [
      'harness/engine/attempt.ts',
      'harness/engine/probe.ts',
      'harness/engine/scenario.ts',
      'harness/engine/scenario-result.ts',
      'harness/world/stages.ts',
    ],
    schedule: [
      'harness/engine/admission.ts',
      'harness/engine/scenarios.ts',
      'harness/engine/shuffle.ts',
      'harness/engine/suite-runs.ts',
    ],
    'exit codes': [
      'foundation/node/errors.ts',
      'harness/engine/conclusion.ts',
      'harness/engine/run.ts',
      'bin/cli/command.ts',
    ],
  },
  leftOut: /\.test\.ts$/,
};

export function areaOf(file: string, { areas, leftOut }: Mutated): string | undefined {
  if (leftOut.test(file)) return undefined;
  const within = (path: string): boolean => (path.endsWith('/') ? file.startsWith(path) : file === path);
  return Object.entries(areas).find(([, paths]) => paths.some(within))?.[0];
}

/** Mutators of Stryker that are not used: those of regular expressions mostly make the same expression. */
export const MUTATORS_LEFT_OUT = ['Regex'];
