import { containersOf, credentialsOf } from '../facts/injection.ts';
import { podCase } from './cases.ts';
import type { Check } from './check.ts';

/** Images by the last part of their name, with the first version that is not known to fail. */
const IMAGES: Readonly<Record<string, { readonly below: string; readonly source: string }>> = {
  'aws-cli': { below: '2.15.0', source: 'EKS User Guide, "Use pod identity with the AWS SDK"' },
  'aws-ebs-csi-driver': { below: '1.25.1', source: 'kubernetes-sigs/aws-ebs-csi-driver#1870' },
  'aws-efs-csi-driver': { below: '1.7.5', source: 'kubernetes-sigs/aws-efs-csi-driver#1257' },
  'aws-fsx-csi-driver': { below: '1.1.1', source: 'kubernetes-sigs/aws-fsx-csi-driver#372' },
  'aws-load-balancer-controller': { below: '2.7.0', source: 'kubernetes-sigs/aws-load-balancer-controller#3613' },
  'external-dns': { below: '0.14.1', source: 'kubernetes-sigs/external-dns#4188' },
  'external-secrets': { below: '0.9.10', source: 'external-secrets/external-secrets#2951' },
};

export const oldImage: Check = {
  id: 'PID505',
  title: 'An image is too old for Pod Identity',
  severity: 'error',
  rights: ['list pods'],
  observation: `Tags of ${Object.keys(IMAGES)
    .map((name) => `\`${name}\``)
    .join(', ')} in containers with Pod Identity variables. SDKs in other images are not visible.`,
  cause: "The image's AWS SDK only accepts loopback addresses, or does not know the token file.",
  effect: 'The SDK reports that only loopback hosts are allowed. It may use the node role instead.',
  fix: 'Update the image.',
  source: 'EKS User Guide, "Use pod identity with the AWS SDK": minimum versions',
  *find(facts) {
    for (const pod of facts.pods)
      for (const container of containersOf(pod)) {
        const [, name = '', version = ''] = /([^/:@]+):v?(\d+\.\d+\.\d+)/.exec(container.image) ?? [];
        const known = IMAGES[name];
        if (known && isBelow(version, known.below) && credentialsOf(container).podIdentity)
          yield podCase(
            pod,
            `Container ${container.name} has image ${container.image}, which fails (${known.source}).`,
          );
      }
  },
};

const isBelow = (version: string, other: string): boolean => version.localeCompare(other, 'en', { numeric: true }) < 0;
