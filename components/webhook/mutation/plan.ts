import { posix } from 'node:path';
import { firstCsvRecord } from '../../go/text.ts';
import { DEFAULT_TOKEN_EXPIRATION, type Settings, type Identity } from '../options.ts';
import type { EnvVar, Pod } from '../kubernetes-types.ts';
import { tokenExpiration } from './service-account.ts';

export interface MutationPlan {
  readonly method: 'container_credentials' | 'sts_web_identity';
  /** The credential variables. A container with either of them gets neither. */
  readonly credentialVariables: readonly [EnvVar, EnvVar];
  readonly regionalSts: boolean;
  /** Empty: no region variables. */
  readonly region: string;
  readonly skip: ReadonlySet<string>;
  readonly volumeName: string;
  readonly mountPath: string;
  readonly token: { readonly audience: string; readonly expirationSeconds: bigint; readonly path: string };
}

/** Minimum lifetime of a Pod Identity token in seconds. A random lifetime keeps pods from renewing at the same time. */
const LEAST_JITTERED_EXPIRATION = 79_200n;

/**
 * Returns the plan for a service account with an association. Ignores its role and audience. If the service account is
 * unknown, also ignores the flags for regional STS and token expiration.
 */
export function containerCredentialsPlan(pod: Pod, entry: Identity | undefined, settings: Settings): MutationPlan {
  const { containerCredentialsTokenMountPath: mountPath, containerCredentialsTokenPath: path } = settings;
  const expiration = podTokenExpiration(pod, entry?.tokenExpiration ?? DEFAULT_TOKEN_EXPIRATION, settings);
  return {
    method: 'container_credentials',
    credentialVariables: [
      { name: 'AWS_CONTAINER_CREDENTIALS_FULL_URI', value: settings.containerCredentialsFullUri },
      { name: 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE', value: tokenFile(pod, mountPath, path) },
    ],
    regionalSts: entry?.regionalSts ?? false,
    region: settings.awsDefaultRegion,
    skip: containersToSkip(pod, settings),
    volumeName: settings.containerCredentialsTokenVolumeName,
    mountPath,
    token: {
      audience: settings.containerCredentialsAudience,
      expirationSeconds: expiration === DEFAULT_TOKEN_EXPIRATION ? jittered(settings.random) : expiration,
      path,
    },
  };
}

export function webIdentityPlan(pod: Pod, identity: Identity, settings: Settings): MutationPlan {
  return {
    method: 'sts_web_identity',
    credentialVariables: [
      { name: 'AWS_ROLE_ARN', value: identity.roleArn },
      { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: tokenFile(pod, settings.tokenMountPath, 'token') },
    ],
    regionalSts: identity.regionalSts,
    region: settings.awsDefaultRegion,
    skip: containersToSkip(pod, settings),
    volumeName: 'aws-iam-token',
    mountPath: settings.tokenMountPath,
    token: {
      audience: identity.audience,
      expirationSeconds: podTokenExpiration(pod, identity.tokenExpiration, settings),
      path: 'token',
    },
  };
}

/** Returns the containers in the annotation `<prefix>/skip-containers`; none if it is invalid. */
const containersToSkip = (pod: Pod, { annotationPrefix }: Settings): ReadonlySet<string> =>
  new Set(firstCsvRecord(pod.metadata?.annotations?.[`${annotationPrefix}/skip-containers`] ?? ''));

function podTokenExpiration(pod: Pod, fallback: bigint, settings: Settings): bigint {
  return tokenExpiration(pod.metadata?.annotations?.[`${settings.annotationPrefix}/token-expiration`], fallback);
}

function jittered(random: () => number): bigint {
  const choices = DEFAULT_TOKEN_EXPIRATION - LEAST_JITTERED_EXPIRATION + 1n;
  return LEAST_JITTERED_EXPIRATION + BigInt(Math.floor(random() * Number(choices)));
}

function tokenFile(pod: Pod, mountPath: string, tokenPath: string): string {
  const file = posix.join(mountPath, tokenPath);
  const nodeSelector = pod.spec?.nodeSelector;
  const windows =
    nodeSelector?.['kubernetes.io/os'] === 'windows' || nodeSelector?.['beta.kubernetes.io/os'] === 'windows';
  return windows ? `C:${file.replaceAll('/', '\\')}` : file;
}
