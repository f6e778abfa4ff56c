/** What scenarios of volumes mount, and the answers of the API server. */
import { between } from '../../../harness/index.ts';
import { NAMESPACE } from '../../lib/namespace-requests.ts';

/** Of every namespace: certificates of the cluster's authority. */
export const CLUSTER_AUTHORITY = { name: 'kube-root-ca.crt' } as const;
export const PEM = between(200, 100_000);
/** Of the scenario's namespace. */
export const SETTINGS = { name: 'conformance-settings' } as const;
export const MAPS = `${NAMESPACE}/configmaps`;
export const LATE = { name: 'conformance-late' } as const;
/** A pod, or a list of events. */
export interface Answered {
  readonly metadata: { readonly uid: string };
  readonly spec: { readonly containers: readonly { readonly image: string }[] };
  readonly status: {
    readonly phase?: string;
    readonly containerStatuses?: readonly {
      readonly state?: { readonly running?: object; readonly terminated?: object };
    }[];
  };
  readonly items: readonly {
    readonly reason: string;
    readonly message: string;
    readonly involvedObject: { readonly uid: string };
  }[];
}
