/** Exit codes of the command line (docs/command-line.md). */
export const EXIT = { conforms: 0, doesNotConform: 1, usage: 2, environment: 3, interrupted: 130 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** An error that a user can act on, in one sentence. Other errors are defects of the harness. */
export class HarnessError extends Error {
  override readonly name = 'HarnessError';
  readonly code: HarnessErrorCode;
  readonly exitCode: ExitCode;

  constructor(code: HarnessErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.exitCode = EXIT[CODES[code]];
  }
}

const CODES = {
  UNKNOWN_FLAG: 'usage',
  BAD_FLAG_VALUE: 'usage',
  BAD_CONFIG_FILE: 'usage',
  BAD_FILE: 'usage',
  UNKNOWN_SCOPE: 'usage',
  UNKNOWN_SUITE: 'usage',
  UNKNOWN_SCENARIO: 'usage',
  UNKNOWN_FAULT: 'usage',
  NOTHING_SELECTED: 'usage',
  BAD_SUITES_DIRECTORY: 'usage',
  BAD_SUITE_FILE: 'usage',
  BAD_SCENARIO: 'usage',
  BAD_POLICY: 'usage',
  BAD_REPORT_DIRECTORY: 'usage',
  BAD_REPORTER: 'usage',
  BAD_CLUSTER: 'usage',
  BAD_AWS: 'usage',
  UNKNOWN_CLIENT: 'usage',
  ADDRESS_UNAVAILABLE: 'environment',
  CLIENT_NOT_INSTALLED: 'environment',
  AWS_UNREACHABLE: 'environment',
  AWS_FAILED: 'environment',
  CREDENTIALS_EXPIRED: 'environment',
  NOTHING_RAN: 'environment',
  TOO_LITTLE_RAN: 'environment',
  PROVISIONING_FAILED: 'environment',
  FIXTURE_FAILED: 'environment',
  POD_FAILED: 'environment',
  RUNNER_FAILED: 'environment',
  HOOK_FAILED: 'environment',
  LEFT_BEHIND: 'environment',
  REPORT_NOT_WRITTEN: 'environment',
  REPORTER_FAILED: 'environment',
  TIMED_OUT: 'environment',
  STOPPED: 'environment',
} as const;
export type HarnessErrorCode = keyof typeof CODES;

/** Returns the error for an invalid flag value, or an invalid combination of flags. */
export const badFlagValue = (message: string): HarnessError => new HarnessError('BAD_FLAG_VALUE', message);

export const badScenario = (message: string): HarnessError => new HarnessError('BAD_SCENARIO', message);

export const unreadable = (error: unknown): string => {
  const { code = 'unknown cause' } = error as NodeJS.ErrnoException;
  return { ENOENT: 'there is no such file', EISDIR: 'it is a folder', EACCES: 'permission denied' }[code] ?? code;
};

/** Whether a code means a mistake in the usage, the configuration or a user's suite. */
export const isUsage = (code: HarnessErrorCode | null): boolean => code !== null && CODES[code] === 'usage';
