import { credentialsOf } from '../facts/injection.ts';
import { IMAGES, podIdentitySupport } from '../facts/image-versions.ts';
import { containerCases, defineCheck } from './cases.ts';

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
      const { state, source } = podIdentitySupport(container.image);
      return state === 'too-old' && credentialsOf(container).podIdentity
        ? `has image ${container.image}, which fails (${source})`
        : undefined;
    }),
});
