export interface DenialCause {
  readonly policy: 'identity' | 'resource' | 'session' | 'boundary' | 'trust' | 'scp' | 'rcp';
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
    'service control policy': 'scp',
    'resource control policy': 'rcp',
  } as const;
  for (const [words, policy] of Object.entries(kinds)) {
    if (message.includes(`no ${words} allows`)) return { policy, explicit: false };
    if (message.includes(`explicit deny in a ${words}`) || message.includes(`explicit deny in an ${words}`))
      return { policy, explicit: true };
  }
  return undefined;
}
