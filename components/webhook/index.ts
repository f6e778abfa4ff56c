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
  setIdentities(identities: readonly { readonly namespace: string; readonly serviceAccount: string }[]): void;
  stop(): Promise<void>;
}

export function startWebhook(_options: WebhookOptions): Promise<RunningWebhook> {
  return Promise.reject(new Error('not built yet'));
}
