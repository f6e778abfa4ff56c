/** Returns EKS Auth's only regional URL, a dual-stack one (AWS General Reference, "Amazon EKS endpoints and quotas"). */
export const regionalEksAuth = (region: string): string =>
  `https://eks-auth.${region}.${region.startsWith('cn-') ? 'api.amazonwebservices.com.cn' : 'api.aws'}`;
