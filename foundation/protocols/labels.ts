/** Label of everything that a run makes, in Docker and in Kubernetes; its value is the run's id. */
export const RUN_LABEL = 'conformance.eks-pod-identity/run';
/** Annotation of what a run makes in a cluster that existed before: the time of `EXPIRY_TAG`. */
export const EXPIRES_ANNOTATION = 'conformance.eks-pod-identity/expires';
/** Labels of a run's Docker network: the process and the machine of the run. */
export const PID_LABEL = 'conformance.eks-pod-identity/pid';
export const HOST_LABEL = 'conformance.eks-pod-identity/host';

/** Label by which kind knows the containers of a cluster. */
export const KIND_CLUSTER_LABEL = 'io.x-k8s.kind.cluster';
