import { goTypes } from '../go/json-types.ts';
import declarations from './kubernetes-types.json' with { type: 'json' };

const typeOf = goTypes(declarations);

/** A pod and its containers, as Kubernetes' core/v1 API declares them (v1.36). */
export const Pod = typeOf('Pod');
export const Container = typeOf('Container');
/** As Kubernetes' admission.k8s.io API declares it; v1 and v1beta1 do not differ in their fields. */
export const AdmissionReview = typeOf('AdmissionReview');
