/** Label of everything that a run makes, in Docker and in Kubernetes; its value is the run's id. */
export const RUN_LABEL = 'conformance.eks-pod-identity/run';
/** Labels of a run's Docker network: the process and the machine of the run. */
export const PID_LABEL = 'conformance.eks-pod-identity/pid';
export const HOST_LABEL = 'conformance.eks-pod-identity/host';
