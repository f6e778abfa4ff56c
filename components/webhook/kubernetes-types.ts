import { goTypes } from '../go/json-types.ts';
import declarations from './kubernetes-types.json' with { type: 'json' };

const typeOf = goTypes(declarations);
/** Pod of Kubernetes's core/v1 API, version 1.36. */
export const Pod = typeOf('Pod');
export const Container = typeOf('Container');
/** Review of Kubernetes's admission.k8s.io API, whose v1 and v1beta1 have the same fields. */
export const AdmissionReview = typeOf('AdmissionReview');

/** A decoded pod. Missing fields mean Go's zero values; empty lists and maps are not nil. */
export interface Pod {
  readonly metadata?: {
    readonly name?: string;
    readonly generateName?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: {
    readonly volumes?: readonly { readonly name?: string }[];
    readonly initContainers?: readonly Container[];
    readonly containers?: readonly Container[];
    readonly nodeSelector?: Readonly<Record<string, string>>;
    readonly serviceAccountName?: string;
  };
}

export interface Container {
  readonly name?: string;
  readonly env?: readonly EnvVar[];
  readonly volumeMounts?: readonly VolumeMount[];
}

export interface EnvVar {
  readonly name?: string;
  readonly value?: string;
}

export interface VolumeMount {
  readonly name?: string;
  readonly readOnly?: boolean;
  readonly mountPath?: string;
}
