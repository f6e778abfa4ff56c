/** Returns the policy of a KMS key that leaves its use to the identity policies of accounts (KMS Developer Guide, "Default key policy"). */
export const defaultKeyPolicy = (...accounts: readonly string[]) => ({
  Version: '2012-10-17' as const,
  Statement: { Effect: 'Allow' as const, Principal: { AWS: accounts }, Action: 'kms:*', Resource: '*' },
});

/**
 * Returns condition keys of a request on a symmetric key whose material KMS created (KMS Developer Guide, "AWS KMS condition keys").
 * Only cryptographic operations have `kms:EncryptionAlgorithm`.
 */
export const symmetricKeyContext = (action: string, callerAccount: string): Readonly<Record<string, string>> => ({
  'kms:CallerAccount': callerAccount,
  'kms:KeySpec': 'SYMMETRIC_DEFAULT',
  'kms:KeyUsage': 'ENCRYPT_DECRYPT',
  'kms:KeyOrigin': 'AWS_KMS',
  'kms:MultiRegion': 'false',
  ...(/^kms:(Encrypt|Decrypt|ReEncrypt|GenerateDataKey)/i.test(action) && {
    'kms:EncryptionAlgorithm': 'SYMMETRIC_DEFAULT',
  }),
});
