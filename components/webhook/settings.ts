import type { WebhookFault, WebhookOptions } from './options.ts';

/** The options that decide how a pod is mutated, with the defaults of the webhook's flags. Paths are Linux'. */
export interface Settings {
  readonly annotationPrefix: string;
  readonly tokenAudience: string;
  /** Seconds, at least {@link MIN_TOKEN_EXPIRATION}. */
  readonly tokenExpiration: bigint;
  readonly tokenMountPath: string;
  readonly awsDefaultRegion: string;
  readonly stsRegionalEndpoint: boolean;
  readonly containerCredentials: ContainerCredentialsSettings;
  readonly composeRoleArn: { readonly enabled: boolean; readonly accountId: string; readonly partition: string };
  readonly faults: ReadonlySet<WebhookFault>;
  /** In [0, 1). */
  readonly random: () => number;
}

export interface ContainerCredentialsSettings {
  readonly audience: string;
  readonly mountPath: string;
  readonly volumeName: string;
  readonly tokenPath: string;
  readonly fullUri: string;
}

/** Seconds; also what the token of a service account lives that the webhook does not know. */
export const DEFAULT_TOKEN_EXPIRATION = 86_400n;
/** Seconds. The API server grants no shorter token. */
export const MIN_TOKEN_EXPIRATION = 600n;

export const clampTokenExpiration = (seconds: bigint): bigint =>
  seconds < MIN_TOKEN_EXPIRATION ? MIN_TOKEN_EXPIRATION : seconds;

export function settingsOf(options: WebhookOptions): Settings {
  return {
    annotationPrefix: options.annotationPrefix ?? 'eks.amazonaws.com',
    tokenAudience: options.tokenAudience ?? 'sts.amazonaws.com',
    tokenExpiration: clampTokenExpiration(BigInt(options.tokenExpiration ?? DEFAULT_TOKEN_EXPIRATION)),
    tokenMountPath: options.tokenMountPath ?? '/var/run/secrets/eks.amazonaws.com/serviceaccount',
    awsDefaultRegion: options.awsDefaultRegion ?? '',
    stsRegionalEndpoint: options.stsRegionalEndpoint ?? false,
    containerCredentials: {
      audience: options.containerCredentialsAudience ?? 'pods.eks.amazonaws.com',
      mountPath: options.containerCredentialsTokenMountPath ?? '/var/run/secrets/pods.eks.amazonaws.com/serviceaccount',
      volumeName: options.containerCredentialsTokenVolumeName ?? 'eks-pod-identity-token',
      tokenPath: options.containerCredentialsTokenPath ?? 'eks-pod-identity-token',
      fullUri: options.containerCredentialsFullUri ?? 'http://169.254.170.23/v1/credentials',
    },
    composeRoleArn: options.composeRoleArn ?? { enabled: false, accountId: '', partition: '' },
    faults: options.faults ?? new Set(),
    random: options.random ?? Math.random,
  };
}
