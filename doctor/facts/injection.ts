import type { Container, Pod } from '../snapshot/kubernetes.ts';

/** The agent's addresses (EKS User Guide, "Set up the Amazon EKS Pod Identity Agent"). */
const AGENT_URI = /^http:\/\/(169\.254\.170\.23|\[fd00:ec2::23\])\/v1\/credentials$/;

/** What the environment gives to the AWS SDK's default provider chain. */
export interface ContainerCredentials {
  readonly container: string;
  readonly podIdentity: boolean;
  /** A web identity's role; an empty string if the variable is set without a readable value. */
  readonly webIdentityRole?: string;
  /** Names of variables that the SDK prefers to both, such as AWS_ACCESS_KEY_ID. */
  readonly preferred: readonly string[];
}

const STATIC_KEYS = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];
const PROFILES = ['AWS_PROFILE', 'AWS_DEFAULT_PROFILE', 'AWS_SHARED_CREDENTIALS_FILE', 'AWS_CONFIG_FILE'];

const variable = ({ env }: Container, name: string) => env.findLast((one) => one.name === name);

export function credentialsOf(container: Container): ContainerCredentials {
  const uri = variable(container, 'AWS_CONTAINER_CREDENTIALS_FULL_URI');
  const tokenFile = variable(container, 'AWS_WEB_IDENTITY_TOKEN_FILE');
  const role = variable(container, 'AWS_ROLE_ARN');
  const hasKeys = STATIC_KEYS.every((name) => variable(container, name));
  return {
    container: container.name,
    podIdentity: uri?.value !== undefined && AGENT_URI.test(uri.value),
    ...(tokenFile && role && { webIdentityRole: role.value ?? '' }),
    preferred: [...(hasKeys ? STATIC_KEYS : []), ...PROFILES.filter((name) => variable(container, name))],
  };
}

/** Whether the webhook injected Pod Identity into a container. */
export const hasPodIdentity = (pod: Pod): boolean => pod.containers.some((one) => credentialsOf(one).podIdentity);

/** Whether the webhook injected a web identity into a container. */
export const hasWebIdentity = (pod: Pod): boolean =>
  pod.containers.some((one) => credentialsOf(one).webIdentityRole !== undefined);
