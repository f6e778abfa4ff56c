/** Exit codes of the command line (docs/command-line.md). */
export const EXIT = { conforms: 0, doesNotConform: 1, usage: 2, environment: 3, interrupted: 130 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/**
 * An error that a user can act on: one sentence that names the value and says what to do, with a stable code. Anything
 * else that is thrown is a defect of the harness.
 */
export class HarnessError extends Error {
  override readonly name = 'HarnessError';
  readonly code: HarnessErrorCode;
  readonly exitCode: ExitCode;

  constructor(code: HarnessErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.exitCode = ENVIRONMENT_CODES.has(code) ? EXIT.environment : EXIT.usage;
  }
}

/** Each cause once, so that the list of what can go wrong is readable at a glance. */
export type HarnessErrorCode =
  | 'UNKNOWN_FLAG'
  | 'BAD_FLAG_VALUE'
  | 'BAD_CONFIG_FILE'
  | 'BAD_FILE'
  | 'UNKNOWN_SUITE'
  | 'UNKNOWN_SCENARIO'
  | 'UNKNOWN_FAULT'
  | 'NOTHING_SELECTED'
  | 'BAD_SUITES_DIRECTORY'
  | 'BAD_SUITE_FILE'
  | 'BAD_SCENARIO'
  | 'BAD_POLICY'
  | 'BAD_REPORT_DIRECTORY'
  | 'BAD_REPORTER'
  | 'BAD_CLUSTER'
  | 'BAD_AWS'
  | 'ADDRESS_UNAVAILABLE'
  | 'AWS_UNREACHABLE'
  | 'AWS_FAILED'
  | 'CREDENTIALS_EXPIRED'
  | 'NOTHING_RAN'
  | 'PROVISIONING_FAILED'
  | 'FIXTURE_FAILED'
  | 'POD_FAILED'
  | 'HOOK_FAILED'
  | 'LEFT_BEHIND'
  | 'REPORT_NOT_WRITTEN'
  | 'REPORTER_FAILED'
  | 'TIMED_OUT'
  | 'STOPPED';

/** Whether a code says that usage, configuration or a suite of the user's is wrong, rather than the environment. */
export const isUsage = (code: HarnessErrorCode | null): boolean => code !== null && !ENVIRONMENT_CODES.has(code);

const ENVIRONMENT_CODES: ReadonlySet<HarnessErrorCode> = new Set([
  'ADDRESS_UNAVAILABLE',
  'AWS_UNREACHABLE',
  'AWS_FAILED',
  'CREDENTIALS_EXPIRED',
  'NOTHING_RAN',
  'PROVISIONING_FAILED',
  'FIXTURE_FAILED',
  'POD_FAILED',
  'HOOK_FAILED',
  'LEFT_BEHIND',
  'REPORT_NOT_WRITTEN',
  'REPORTER_FAILED',
  'TIMED_OUT',
  'STOPPED',
]);
