import { credentialsOf } from '../facts/injection.ts';
import { podsWithIdentity } from '../facts/own-identity.ts';
import { containerCases, defineCheck } from './cases.ts';

export const staticKeys = defineCheck({
  id: 'PID501',
  title: "Static keys win over a pod's identity",
  severity: 'warning',
  rights: ['list pods', 'list serviceaccounts'],
  observation: 'A container with an identity sets both keys. Keys in `envFrom`, files and images are not visible.',
  cause: 'Variables from before the migration, often from a Secret, were left in the manifest or chart.',
  effect: 'Every AWS SDK uses the keys first, so the role of the service account has no effect.',
  fix: 'Remove `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN` from the containers, and delete the keys.',
  source: 'AWS SDKs and Tools Reference Guide, "Standardized credential providers"',
  find: (facts) =>
    containerCases(podsWithIdentity(facts), (container) =>
      credentialsOf(container).preferred.includes('AWS_ACCESS_KEY_ID')
        ? 'sets AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY'
        : undefined,
    ),
});
