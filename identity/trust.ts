import { POD_IDENTITY_SERVICE } from './pod-identity.ts';

/** Lets EKS Pod Identity assume a role (EKS User Guide, "Create IAM role with trust policy required by EKS Pod Identity"). */
export const POD_IDENTITY_STATEMENT = {
  Effect: 'Allow',
  Principal: { Service: POD_IDENTITY_SERVICE },
  Action: ['sts:AssumeRole', 'sts:TagSession'],
} as const;

/**
 * Lets tokens of an issuer assume a role (EKS User Guide, "Assign IAM roles to Kubernetes service accounts"). `subjects`: one or
 * several, such as `system:serviceaccount:payments:ledger`.
 */
export const webIdentityStatement = (
  providerArn: string,
  issuer: string,
  subjects: string | readonly string[],
  audience = 'sts.amazonaws.com',
) => ({
  Effect: 'Allow',
  Principal: { Federated: providerArn },
  Action: 'sts:AssumeRoleWithWebIdentity',
  Condition: { StringEquals: { [`${issuer}:sub`]: subjects, [`${issuer}:aud`]: audience } },
});
