export interface ServiceAccount {
  readonly annotations: Readonly<Record<string, string>>;
}

export interface ServiceAccountSource {
  get(namespace: string, name: string): ServiceAccount | undefined;
  /** Waits for a missing service account during the lookup grace period. Returns undefined if it does not appear. */
  fetch?(namespace: string, name: string): Promise<ServiceAccount | undefined>;
}

/** A service account's identity, from its annotations or the config map. */
export interface Identity {
  /** Empty if the service account has no role. */
  readonly roleArn: string;
  readonly audience: string;
  readonly regionalSts: boolean;
  /** Seconds. */
  readonly tokenExpiration: bigint;
}

/** Options of the mutation, with the names and defaults of the webhook's flags. Paths are for Linux. */
export const DEFAULTS = {
  annotationPrefix: 'eks.amazonaws.com',
  tokenAudience: 'sts.amazonaws.com',
  tokenMountPath: '/var/run/secrets/eks.amazonaws.com/serviceaccount',
  /** Empty: no region variables are injected. */
  awsDefaultRegion: '',
  stsRegionalEndpoint: false,
  containerCredentialsAudience: 'pods.eks.amazonaws.com',
  containerCredentialsFullUri: 'http://169.254.170.23/v1/credentials',
  containerCredentialsTokenMountPath: '/var/run/secrets/pods.eks.amazonaws.com/serviceaccount',
  containerCredentialsTokenVolumeName: 'eks-pod-identity-token',
  containerCredentialsTokenPath: 'eks-pod-identity-token',
  composeRoleArn: { enabled: false, accountId: '', partition: '' },
  /** Returns the jitter of the expiration, in [0, 1). */
  random: Math.random,
};

export interface WebhookOptions extends Readonly<Partial<typeof DEFAULTS>> {
  readonly serviceAccounts: ServiceAccountSource;
  /** Service accounts with an association, like those in the container-credentials config file. */
  readonly identities?: readonly { readonly namespace: string; readonly serviceAccount: string }[];
  /** Seconds. Default: 86400. */
  readonly tokenExpiration?: number;
  /** Identities of the config map (`parseConfigMap`), for service accounts without a role annotation. */
  readonly configuredIdentities?: { get(key: string): Identity | undefined };
  readonly host?: string;
  readonly port?: number;
  /** PEM texts. Without them, the server uses plain HTTP, for tests and replays. */
  readonly tls?: { readonly certificate: string; readonly key: string };
  readonly log?: (line: string) => void;
}

export interface RunningWebhook {
  /** `https://127.0.0.1:<port>`. Its path `/mutate` accepts admission reviews. */
  readonly url: string;
  setIdentities(identities: readonly { readonly namespace: string; readonly serviceAccount: string }[]): void;
  stop(): Promise<void>;
}

/** Seconds; applies to unknown service accounts too. */
export const DEFAULT_TOKEN_EXPIRATION = 86_400n;
/** Seconds. The API server issues no shorter tokens. */
const MIN_TOKEN_EXPIRATION = 600n;

export const clampTokenExpiration = (seconds: bigint): bigint =>
  seconds < MIN_TOKEN_EXPIRATION ? MIN_TOKEN_EXPIRATION : seconds;

export interface Settings extends Readonly<typeof DEFAULTS> {
  /** Seconds, at least {@link MIN_TOKEN_EXPIRATION}. */
  readonly tokenExpiration: bigint;
}

export const settingsOf = (options: WebhookOptions): Settings => ({
  ...DEFAULTS,
  ...options,
  tokenExpiration: clampTokenExpiration(BigInt(options.tokenExpiration ?? DEFAULT_TOKEN_EXPIRATION)),
});
