/** The path to which a pod is posted in a dry run: admission changes it, but nothing is stored (Kubernetes API Concepts, "Dry-run"). */
export const podDryRunPath = (namespace: string): string => `/api/v1/namespaces/${namespace}/pods?dryRun=All`;

/** Number of pods that reach all API servers of EKS. The webhook of each has its own list. */
export const DRY_RUN_SAMPLES = 5;

/** Closes the connection, so that the next request may reach another API server. */
export const OWN_CONNECTION = { connection: 'close' } as const;

/** Whether an answer says that a pod's service account does not exist (yet). */
export const isAccountMissing = (status: number, message: string): boolean =>
  status === 403 && /error looking up service account/.test(message);
