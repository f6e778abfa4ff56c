import { credentialsOf } from '../facts/injection.ts';
import { containerCases, defineCheck } from './cases.ts';

/** Images by the last part of their name, with the first version that is not known to fail. */
const IMAGES: Readonly<Record<string, readonly [below: string, source: string]>> = {
  'aws-cli': ['2.15.0', 'EKS User Guide, "Use pod identity with the AWS SDK"'],
  'aws-ebs-csi-driver': ['1.25.1', 'kubernetes-sigs/aws-ebs-csi-driver#1870'],
  'aws-efs-csi-driver': ['1.7.5', 'kubernetes-sigs/aws-efs-csi-driver#1257'],
  'aws-fsx-csi-driver': ['1.1.1', 'kubernetes-sigs/aws-fsx-csi-driver#372'],
  'aws-load-balancer-controller': ['2.7.0', 'kubernetes-sigs/aws-load-balancer-controller#3613'],
  'external-dns': ['0.14.1', 'kubernetes-sigs/external-dns#4188'],
  'external-secrets': ['0.9.10', 'external-secrets/external-secrets#2951'],
};

export const oldImage = defineCheck({
  id: 'PID505',
  title: 'An image is too old for Pod Identity',
  severity: 'error',
  rights: ['list pods'],
  observation: `Tags of these images in containers with Pod Identity: ${Object.keys(IMAGES).join(', ')}. Other SDKs are not visible.`,
  cause: "The image's AWS SDK only accepts loopback addresses, or does not know the token file.",
  effect: 'The SDK reports that only loopback hosts are allowed. It may use the node role instead.',
  fix: 'Update the image.',
  source: 'EKS User Guide, "Use pod identity with the AWS SDK": minimum versions',
  find: ({ pods }) =>
    containerCases(pods, (container) => {
      const [, name = '', version = ''] = /([^/:@]+):v?(\d+\.\d+\.\d+)/.exec(container.image) ?? [];
      const [below, source] = IMAGES[name] ?? [];
      return below !== undefined && isBelow(version, below) && credentialsOf(container).podIdentity
        ? `has image ${container.image}, which fails (${source})`
        : undefined;
    }),
});

const isBelow = (version: string, other: string): boolean => version.localeCompare(other, 'en', { numeric: true }) < 0;
