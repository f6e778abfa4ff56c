import { credentialsOf } from '../facts/injection.ts';
import { podsWithIdentity } from '../facts/own-identity.ts';
import { containerCases, defineCheck } from './cases.ts';

export const profile = defineCheck({
  id: 'PID502',
  title: "A profile or credentials file may win over a pod's identity",
  severity: 'warning',
  rights: ['list pods', 'list serviceaccounts'],
  observation:
    'A container sets `AWS_PROFILE`, `AWS_DEFAULT_PROFILE`, `AWS_SHARED_CREDENTIALS_FILE` or `AWS_CONFIG_FILE`. Files are not read.',
  cause: 'A setting from a developer machine or another cluster was copied into the manifest.',
  effect: 'Most AWS SDKs use credentials of the profile before Pod Identity. A missing profile is an error.',
  fix: 'Remove the variable, or make sure that the file contains no credentials.',
  source: 'AWS SDKs and Tools Reference Guide, "Standardized credential providers"',
  find: (facts) =>
    containerCases(podsWithIdentity(facts), (container) => {
      const { preferred } = credentialsOf(container);
      return preferred.length > 0 && !preferred.includes('AWS_ACCESS_KEY_ID')
        ? `sets ${preferred.join(' and ')}`
        : undefined;
    }),
});
