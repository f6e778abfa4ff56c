import type { Container, EnvVar, Pod } from '../snapshot/kubernetes.ts';
import { POD_IDENTITY_SERVICE } from '../../identity/pod-identity.ts';

/** The agent's addresses (EKS User Guide, "Set up the Amazon EKS Pod Identity Agent"). */
const AGENT_URI = /^http:\/\/(169\.254\.170\.23|\[fd00:ec2::23\])\/v1\/credentials$/;

/** The settings that a container's environment gives to the AWS SDK's default provider chain. */
export interface ContainerCredentials {
  readonly container: string;
  readonly podIdentity: boolean;
  /** A web identity's role; an empty string if the variable is set without a readable value. */
  readonly webIdentityRole?: string;
  /** Names of variables that the SDK prefers to both, such as AWS_ACCESS_KEY_ID. */
  readonly preferred: readonly string[];
}

/** The variable with the token's file. */
export const TOKEN_FILES = {
  'pod-identity': 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
  'web-identity': 'AWS_WEB_IDENTITY_TOKEN_FILE',
} as const;
export const STATIC_KEYS = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];
const PROFILES = ['AWS_PROFILE', 'AWS_DEFAULT_PROFILE', 'AWS_SHARED_CREDENTIALS_FILE', 'AWS_CONFIG_FILE'];

/** The last of several variables with a name counts (Kubernetes API Reference, Container v1, env). */
export const variable = ({ env }: Container, name: string): EnvVar | undefined =>
  env.findLast((one) => one.name === name);

export const containersOf = ({ containers, initContainers }: Pod): readonly Container[] => [
  ...initContainers,
  ...containers,
];

export function credentialsOf(container: Container): ContainerCredentials {
  const uri = variable(container, 'AWS_CONTAINER_CREDENTIALS_FULL_URI');
  const tokenFile = variable(container, 'AWS_WEB_IDENTITY_TOKEN_FILE');
  const role = variable(container, 'AWS_ROLE_ARN');
  return {
    container: container.name,
    podIdentity: uri?.value !== undefined && AGENT_URI.test(uri.value),
    ...(tokenFile && role && { webIdentityRole: role.value ?? '' }),
    preferred: [...STATIC_KEYS, ...PROFILES].filter((name) => variable(container, name)),
  };
}

/** Returns the address of the agent in a container's variables. */
export const agentAddress = (container: Container): string | undefined =>
  AGENT_URI.exec(variable(container, 'AWS_CONTAINER_CREDENTIALS_FULL_URI')?.value ?? '')?.[1]?.replace(/^\[|\]$/g, '');

/** Returns the path of a token's file in Linux form. In Windows pods, the webhook writes `C:\\var\\run`, and mounts at `/var/run`. */
export const tokenFileOf = (container: Container, mechanism: keyof typeof TOKEN_FILES): string | undefined =>
  variable(container, TOKEN_FILES[mechanism])
    ?.value?.replace(/^C:(?=\\)/i, '')
    .replaceAll('\\', '/');

/** Returns the volume whose mount in the container has a file; undefined without such a mount. */
export const volumeOf = ({ volumeMounts }: Container, file: string): string | undefined =>
  volumeMounts
    .filter(({ mountPath }) => file.startsWith(`${mountPath.replace(/\/$/, '')}/`))
    .sort((a, b) => b.mountPath.length - a.mountPath.length)[0]?.name;

/** Whether the file with the agent's token comes from one of the pod's token volumes, and is not a copy of another token. */
export function hasOwnToken(pod: Pod, container: Container): boolean {
  const file = tokenFileOf(container, 'pod-identity');
  return file === undefined || pod.tokenVolumes.some(({ volume }) => volume === volumeOf(container, file));
}

/** Whether a container has Pod Identity's variables. */
export const hasPodIdentity = (pod: Pod): boolean => containersOf(pod).some((one) => credentialsOf(one).podIdentity);

/** Whether a container has a web identity's variables. */
export const hasWebIdentity = (pod: Pod): boolean =>
  containersOf(pod).some((one) => credentialsOf(one).webIdentityRole !== undefined);

/** Whether the webhook changed the pod. It adds the volume even if all containers have variables of their own. */
export const isInjected = (pod: Pod): boolean =>
  hasPodIdentity(pod) ||
  hasWebIdentity(pod) ||
  pod.tokenVolumes.some(({ volume, audience }) => volume === 'aws-iam-token' || audience === POD_IDENTITY_SERVICE);
