/** Returns the policy of a KMS key that leaves its use to the identity policies of accounts (KMS Developer Guide, "Default key policy"). */
export const defaultKeyPolicy = (...accounts: readonly string[]) => ({
  Version: '2012-10-17' as const,
  Statement: { Effect: 'Allow' as const, Principal: { AWS: accounts }, Action: 'kms:*', Resource: '*' },
});
