import { goTypes } from '../go/json-types.ts';
import declarations from './kubernetes-types.json' with { type: 'json' };

const typeOf = goTypes(declarations);

/** A pod and its containers, as Kubernetes' core/v1 API declares them (v1.36). */
export const Pod = typeOf('Pod');
export const Container = typeOf('Container');
/** As Kubernetes' admission.k8s.io API declares it; v1 and v1beta1 do not differ in their fields. */
export const AdmissionReview = typeOf('AdmissionReview');

/** What the webhook reads of a decoded pod; an absent field is Go's zero value, an empty list or map is not nil. */
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
