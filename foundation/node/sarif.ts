interface SarifRun {
  /** The command, such as `doctor`. */
  readonly command: string;
  readonly version: string;
  readonly rules: readonly object[];
  /** Results that could not be determined. They are warnings, not failures. */
  readonly notifications?: readonly object[];
  readonly results: readonly object[];
}

/** Returns a log with one run in SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format"), for code scanning. */
export const sarif = ({ command, version, rules, notifications, results }: SarifRun): object => ({
  $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
  version: '2.1.0',
  runs: [
    {
      tool: { driver: { name: `eks-pod-identity-conformance ${command}`, version, rules } },
      ...(notifications && {
        invocations: [
          {
            executionSuccessful: true,
            toolExecutionNotifications: notifications.map((one) => ({ level: 'warning', ...one })),
          },
        ],
      }),
      results,
    },
  ],
});
