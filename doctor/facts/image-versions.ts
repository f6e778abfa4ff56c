/** Images by the last part of their name, with the first version that is not known to fail. */
export const IMAGES: Readonly<Record<string, readonly [below: string, source: string]>> = {
  'aws-cli': ['2.15.0', 'EKS User Guide, "Use pod identity with the AWS SDK"'],
  'aws-ebs-csi-driver': ['1.25.1', 'kubernetes-sigs/aws-ebs-csi-driver#1870'],
  'aws-efs-csi-driver': ['1.7.5', 'kubernetes-sigs/aws-efs-csi-driver#1257'],
  'aws-fsx-csi-driver': ['1.1.1', 'kubernetes-sigs/aws-fsx-csi-driver#372'],
  'aws-load-balancer-controller': ['2.7.0', 'kubernetes-sigs/aws-load-balancer-controller#3613'],
  'external-dns': ['0.14.1', 'kubernetes-sigs/external-dns#4188'],
  'external-secrets': ['0.9.10', 'external-secrets/external-secrets#2951'],
};

export interface ImageSupport {
  /** `check`: the tag does not show the version of the AWS SDK. */
  readonly state: 'supported' | 'too-old' | 'check';
  /** The first version that is not known to fail. */
  readonly minimum?: string;
  readonly source?: string;
}

/** Returns whether the AWS SDK of an image supports Pod Identity, by its name and tag. */
export function podIdentitySupport(image: string): ImageSupport {
  const [, name = '', version = ''] = /([^/:@]+):v?(\d+\.\d+\.\d+)/.exec(image) ?? [];
  const [minimum, source] = IMAGES[name] ?? [];
  if (minimum === undefined || source === undefined) return { state: 'check' };
  return { state: isBelow(version, minimum) ? 'too-old' : 'supported', minimum, source };
}

const isBelow = (version: string, other: string): boolean => version.localeCompare(other, 'en', { numeric: true }) < 0;
