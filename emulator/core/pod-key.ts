/** A pod of a cluster of the emulated EKS. */
export interface PodReference {
  readonly clusterName: string;
  readonly namespace: string;
  readonly name: string;
}

export const podKey = ({ clusterName, namespace, name }: PodReference): string =>
  [clusterName, namespace, name].join('/');
