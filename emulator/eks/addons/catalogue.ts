/** An add-on that can be installed. */
export interface CatalogueEntry {
  readonly name: string;
  readonly type: string;
  readonly namespace: string;
  /** Newest first; the first is the default. */
  readonly versions: readonly string[];
  /** Service accounts of the add-on that can have a pod identity association. */
  readonly serviceAccounts: readonly string[];
}

/**
 * The add-ons that the emulator knows. Add-on and program versions are numbered apart (EKS User Guide, "Set up the
 * Amazon EKS Pod Identity Agent"). Only the agent has an effect in emulated clusters; the others are there because an
 * add-on can own associations, which the agent's never does: it uses the node role.
 */
export const ADDONS: readonly CatalogueEntry[] = [
  {
    name: 'eks-pod-identity-agent',
    type: 'security',
    namespace: 'kube-system',
    versions: ['v1.3.10-eksbuild.2', 'v1.3.9-eksbuild.5', 'v1.3.8-eksbuild.2', 'v1.3.7-eksbuild.2'],
    serviceAccounts: [],
  },
  {
    name: 'aws-ebs-csi-driver',
    type: 'storage',
    namespace: 'kube-system',
    versions: ['v1.53.0-eksbuild.1'],
    serviceAccounts: ['ebs-csi-controller-sa'],
  },
  {
    name: 'vpc-cni',
    type: 'networking',
    namespace: 'kube-system',
    versions: ['v1.20.4-eksbuild.1'],
    serviceAccounts: ['aws-node'],
  },
];

export function findAddon(name: string): CatalogueEntry | undefined {
  return ADDONS.find((entry) => entry.name === name);
}
