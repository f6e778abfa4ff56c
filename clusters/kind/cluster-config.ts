import { stringify } from 'yaml';

/** Where a node has the files that the API server needs. */
export const NODE_FOLDER = '/etc/eks-pod-identity-conformance';
/** Where a node has the archive of the images that are to run on it. */
export const IMAGES_FOLDER = '/etc/eks-pod-identity-conformance-images';
/** Name in `NODE_FOLDER` of the file that names the token authenticator. */
export const AUTHENTICATOR_FILE = 'token-authenticator.kubeconfig';

export interface ClusterConfigOptions {
  /** Folder on this machine that the node sees as `NODE_FOLDER`. */
  readonly folder: string;
  /** Folder on this machine that the node sees as `IMAGES_FOLDER`. */
  readonly imagesFolder: string;
  /** Service account issuer. */
  readonly issuer: string;
  /** Control groups of the machine that runs the nodes. */
  readonly cgroupVersion: string;
}

/** Audience of tokens for the API server, as on EKS (`kubectl create token` shows it). */
const API_AUDIENCE = 'https://kubernetes.default.svc';

/**
 * The configuration of a kind cluster of one node that behaves as an EKS cluster: its issuer, and bearer tokens of
 * `aws eks get-token` (kind, "Configuration"; kubeadm Configuration v1beta3 and v1beta4).
 */
export function clusterConfig({ folder, imagesFolder, issuer, cgroupVersion }: ClusterConfigOptions): string {
  const apiServer = {
    'service-account-issuer': issuer,
    'service-account-jwks-uri': `${issuer}/keys`,
    'api-audiences': API_AUDIENCE,
    'authentication-token-webhook-config-file': `${NODE_FOLDER}/${AUTHENTICATOR_FILE}`,
    'authentication-token-webhook-version': 'v1',
  };
  // A run makes dozens of namespaces at once, and a controller makes what each needs.
  const controllers = { 'kube-api-qps': '500', 'kube-api-burst': '1000' };
  // The cluster is thrown away: nothing needs to survive a power cut.
  const etcd = { 'unsafe-no-fsync': 'true' };
  const volume = { name: 'conformance', hostPath: NODE_FOLDER, mountPath: NODE_FOLDER, readOnly: true };
  // kind patches the documents whose apiVersion fits: which one is there depends on the versions of kind and Kubernetes.
  const kubeadm = (apiVersion: string, args: (values: Record<string, string>) => unknown): string =>
    stringify({
      apiVersion: `kubeadm.k8s.io/${apiVersion}`,
      kind: 'ClusterConfiguration',
      apiServer: { extraArgs: args(apiServer), extraVolumes: [volume] },
      controllerManager: { extraArgs: args(controllers) },
      scheduler: { extraArgs: args(controllers) },
      etcd: { local: { extraArgs: args(etcd) } },
    });
  return stringify({
    kind: 'Cluster',
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    networking: { ipFamily: 'ipv4', apiServerAddress: '127.0.0.1' },
    nodes: [{ role: 'control-plane', extraMounts: [mount(folder, NODE_FOLDER), mount(imagesFolder, IMAGES_FOLDER)] }],
    kubeadmConfigPatches: [
      kubeadm('v1beta3', (values) => values),
      kubeadm('v1beta4', (values) => Object.entries(values).map(([name, value]) => ({ name, value }))),
      stringify({
        kind: 'KubeletConfiguration',
        maxPods: 250,
        serializeImagePulls: false,
        kubeAPIQPS: 500,
        kubeAPIBurst: 1000,
        eventRecordQPS: 0,
        // From Kubernetes 1.35 on, kubelets refuse control groups of version 1 unless they are told to.
        ...(cgroupVersion === '1' && { failCgroupV1: false }),
      }),
    ],
  });
}

const mount = (hostPath: string, containerPath: string): object => ({ hostPath, containerPath, readOnly: true });
