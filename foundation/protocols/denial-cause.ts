export interface DenialCause {
  readonly policy: 'identity' | 'resource' | 'session' | 'boundary' | 'trust';
  readonly explicit: boolean;
}

/** Returns the denying policy in a message, if any (IAM User Guide, "Troubleshoot access denied error messages"). */
export function causeFromMessage(message: string | undefined): DenialCause | undefined {
  if (message === undefined) return undefined;
  const kinds = {
    'identity-based policy': 'identity',
    'resource-based policy': 'resource',
    'session policy': 'session',
    'permissions boundary': 'boundary',
  } as const;
  for (const [words, policy] of Object.entries(kinds)) {
    if (message.includes(`no ${words} allows`)) return { policy, explicit: false };
    if (message.includes(`explicit deny in a ${words}`) || message.includes(`explicit deny in an ${words}`))
      return { policy, explicit: true };
  }
  return undefined;
}
