/** The defects that can be put into the emulator on purpose. `faults/` describes each to users. */
export const EMULATOR_FAULTS = [
  'eks-auth-ignores-audience',
  'eks-auth-accepts-unbound-tokens',
  'eks-auth-drops-session-tags',
  'sts-skips-web-identity-signature',
  'iam-ignores-deny',
  'iam-string-equals-ignores-case',
  'iam-ignores-session-policy',
] as const;

export type EmulatorFault = (typeof EMULATOR_FAULTS)[number];
