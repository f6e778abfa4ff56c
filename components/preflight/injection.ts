import type { PreflightStep } from './report.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** How an AWS SDK with the default credential chain gets credentials in this environment. */
type Mechanism = 'static-keys' | 'profile' | 'irsa' | 'pod-identity' | 'none';

/** Follows the order of the chain: variables, profile, web identity, container (AWS SDKs and Tools Reference Guide). */
export function mechanismOf(environment: Environment): Mechanism {
  const has = (...names: readonly string[]): boolean => names.every((name) => (environment[name] ?? '') !== '');
  if (has('AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY')) return 'static-keys';
  if (has('AWS_PROFILE')) return 'profile';
  if (has('AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_ROLE_ARN')) return 'irsa';
  return has('AWS_CONTAINER_CREDENTIALS_FULL_URI') ? 'pod-identity' : 'none';
}

export function injectionStep(environment: Environment): Omit<PreflightStep, 'milliseconds'> {
  const step = (result: PreflightStep['result'], text: string): Omit<PreflightStep, 'milliseconds'> => ({
    name: 'injection',
    result,
    text,
  });
  const isPodIdentity = (environment['AWS_CONTAINER_CREDENTIALS_FULL_URI'] ?? '') !== '';
  switch (mechanismOf(environment)) {
    case 'static-keys':
      return step('warning', 'AWS_ACCESS_KEY_ID is set. AWS SDKs use this key instead of a role. Remove it');
    case 'profile':
      return step('warning', 'AWS_PROFILE is set. AWS SDKs use this profile first. Remove it');
    case 'irsa':
      return isPodIdentity
        ? step('warning', 'the variables of both IRSA and Pod Identity are set, and most AWS SDKs use IRSA')
        : step('ok', `IRSA with role ${environment['AWS_ROLE_ARN']}`);
    case 'pod-identity':
      return step('ok', `Pod Identity with the agent at ${environment['AWS_CONTAINER_CREDENTIALS_FULL_URI']}`);
    default:
      return step(
        'failed',
        'the webhook set no credential variables. Create the association or annotation first, then recreate the pod',
      );
  }
}
