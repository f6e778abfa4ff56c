/** The defects that can be put into the webhook on purpose. */
export const WEBHOOK_FAULTS = ['webhook-forgets-init-containers', 'webhook-prefers-irsa'] as const;
export type WebhookFault = (typeof WEBHOOK_FAULTS)[number];

export interface ServiceAccount {
  readonly namespace: string;
  readonly name: string;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Where the webhook learns of service accounts. */
export interface ServiceAccountSource {
  /** What is known now (the cache). */
  get(namespace: string, name: string): ServiceAccount | undefined;
  /** Asks the API server; used within the look-up grace period when the cache has no such service account. */
  fetch?(namespace: string, name: string): Promise<ServiceAccount | undefined>;
}

/** What the webhook knows of a service account: from its annotations, or from the config map. */
export interface Identity {
  /** Empty when there is none. */
  readonly roleArn: string;
  readonly audience: string;
  readonly regionalSts: boolean;
  /** Seconds. */
  readonly tokenExpiration: bigint;
}

/** Names and defaults are those of the webhook's own flags. */
export interface WebhookOptions {
  readonly serviceAccounts: ServiceAccountSource;
  /** Service accounts with an association, as in the container-credentials config file. */
  readonly identities?: readonly { readonly namespace: string; readonly serviceAccount: string }[];
  /** Default `eks.amazonaws.com`. */
  readonly annotationPrefix?: string;
  /** Default `sts.amazonaws.com`. */
  readonly tokenAudience?: string;
  /** Seconds. Default 86400. */
  readonly tokenExpiration?: number;
  /** Default: none is injected. */
  readonly awsDefaultRegion?: string;
  /** Default false. */
  readonly stsRegionalEndpoint?: boolean;
  /** Default `http://169.254.170.23/v1/credentials`. */
  readonly containerCredentialsFullUri?: string;
  /** Default `pods.eks.amazonaws.com`. */
  readonly containerCredentialsAudience?: string;
  /** Default `/var/run/secrets/eks.amazonaws.com/serviceaccount`. */
  readonly tokenMountPath?: string;
  /** Default `/var/run/secrets/pods.eks.amazonaws.com/serviceaccount`. */
  readonly containerCredentialsTokenMountPath?: string;
  /** Default `eks-pod-identity-token`. */
  readonly containerCredentialsTokenVolumeName?: string;
  /** Default `eks-pod-identity-token`. */
  readonly containerCredentialsTokenPath?: string;
  /**
   * Identities of the config map `pod-identity-webhook`, by `<namespace>/<service account>`, where the namespace may be
   * `*`; `parseConfigMap` makes them. They serve service accounts without a role annotation.
   */
  readonly configuredIdentities?: { get(key: string): Identity | undefined };
  readonly composeRoleArn?: { readonly enabled: boolean; readonly accountId: string; readonly partition: string };
  /** Milliseconds. Default 0. */
  readonly serviceAccountLookupGracePeriod?: number;
  readonly host?: string;
  readonly port?: number;
  readonly metricsPort?: number;
  /** PEM; without it the server speaks plain HTTP (for tests and replays). */
  readonly tls?: { readonly certificate: string; readonly key: string };
  /** Source of the expiration jitter, in [0, 1). Default Math.random. */
  readonly random?: () => number;
  readonly log?: (line: string) => void;
  readonly faults?: ReadonlySet<WebhookFault>;
}

export interface RunningWebhook {
  /** `https://127.0.0.1:<port>`; admission reviews go to `/mutate` below it. */
  readonly url: string;
  /** `http://127.0.0.1:<port>/metrics`, where a metrics port was asked for. */
  readonly metricsUrl?: string;
  setIdentities(identities: readonly { readonly namespace: string; readonly serviceAccount: string }[]): void;
  /** Takes another certificate for new connections. Without effect on a server of plain HTTP. */
  setTls(tls: { readonly certificate: string; readonly key: string }): void;
  stop(): Promise<void>;
}
