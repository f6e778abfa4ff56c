/** Volumes that scenarios mount, and responses of the API server. */
import { between, granted, readFile, refused, type Step } from '../../../harness/index.ts';
import { NAMESPACE } from '../../lib/namespace-requests.ts';

/** A config map in every namespace, with the certificates of the cluster's authority. */
export const CLUSTER_AUTHORITY = { name: 'kube-root-ca.crt' } as const;
export const PEM = between(200, 100_000);
/** A config map in the scenario's namespace. */
export const SETTINGS = { name: 'conformance-settings' } as const;
export const MAP_OF_SETTINGS = { apiVersion: 'v1', kind: 'ConfigMap', metadata: SETTINGS } as const;
export const MAPS = `${NAMESPACE}/configmaps`;
export const LATE = { name: 'conformance-late' } as const;
/** An annotation of the pod, as a file. */
export const NOTE = { path: 'note', fieldRef: { fieldPath: "metadata.annotations['conformance-note']" } } as const;
/** Reads each file, and expects its length and, if given, its mode. */
export const reads = (
  pod: string,
  ...files: readonly (readonly [path: string, bytes: number | typeof PEM, mode?: string])[]
): readonly Step[] =>
  files.map(([path, bytes, mode]) =>
    granted(pod, readFile(path), { facts: { bytes, ...(mode !== undefined && { mode }) } }),
  );
/** Expects these names in a folder of pod `app`. */
export const lists = (path: string, names: string) => granted('app', readFile(path), { facts: { names } });
/** Expects that pod `app` has no such file. */
export const lacks = (path: string) => refused('app', readFile(path), { by: 'injection', code: 'ENOENT' });
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
