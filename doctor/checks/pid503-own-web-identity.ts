import { credentialsOf } from '../facts/injection.ts';
import { containerCases, defineCheck } from './cases.ts';

export const ownWebIdentity = defineCheck({
  id: 'PID503',
  title: "A pod's own web identity wins over its association",
  severity: 'warning',
  rights: ['list pods'],
  observation: 'A container with Pod Identity also has `AWS_ROLE_ARN` and `AWS_WEB_IDENTITY_TOKEN_FILE`.',
  cause: 'The manifest sets the variables of IRSA itself. The webhook keeps them and adds its own.',
  effect: 'AWS SDKs use the web identity first, so the association has no effect.',
  fix: 'Remove `AWS_ROLE_ARN` and `AWS_WEB_IDENTITY_TOKEN_FILE` from the manifest.',
  source: 'AWS SDKs and Tools Reference Guide, "Standardized credential providers"',
  find: (facts) =>
    containerCases(facts.pods, (container) => {
      const { podIdentity, webIdentityRole: role } = credentialsOf(container);
      return podIdentity && role !== undefined
        ? `sets AWS_ROLE_ARN${role && ` (${role})`} and AWS_WEB_IDENTITY_TOKEN_FILE next to Pod Identity's variables`
        : undefined;
    }),
});
