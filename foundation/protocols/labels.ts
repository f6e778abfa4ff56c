/** Label of a run's objects in Docker and Kubernetes; its value is the run's id. */
export const RUN_LABEL = 'conformance.eks-pod-identity/run';
/** Annotation of objects in an existing cluster, with the time of `EXPIRY_TAG`. */
export const EXPIRES_ANNOTATION = 'conformance.eks-pod-identity/expires';
/** Labels of a run's Docker network, with the run's process and machine. */
export const PID_LABEL = 'conformance.eks-pod-identity/pid';
export const HOST_LABEL = 'conformance.eks-pod-identity/host';
/** kind's label of a cluster's containers. */
export const KIND_CLUSTER_LABEL = 'io.x-k8s.kind.cluster';
