export const AWS_SERVICES = ['s3', 'iam', 'sts', 'eks', 'eks-auth'] as const;
export type AwsService = (typeof AWS_SERVICES)[number];
