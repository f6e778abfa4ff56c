import { stringify } from 'yaml';

/** Folder on nodes with the API server's files. */
const NODE_FOLDER = '/etc/eks-pod-identity-conformance';
/** Folder on nodes with the image archive. */
export const IMAGES_FOLDER = '/etc/eks-pod-identity-conformance-images';
/** File in `NODE_FOLDER` that configures the token authenticator. */
export const AUTHENTICATOR_FILE = 'token-authenticator.kubeconfig';

interface ClusterConfigOptions {
  /** Local folder, mounted as `NODE_FOLDER`. */
  readonly folder: string;
  /** Local folder, mounted as `IMAGES_FOLDER`. */
  readonly imagesFolder: string;
  readonly issuer: string;
  readonly cgroupVersion: string;
}

/** EKS's default audience, which `kubectl create token` shows. */
const API_AUDIENCE = 'https://kubernetes.default.svc';

/** Configures a node with issuer and authenticator (kind, "Configuration"; kubeadm v1beta3 and v1beta4). */
export function clusterConfig({ folder, imagesFolder, issuer, cgroupVersion }: ClusterConfigOptions): string {
  const apiServer = {
    'service-account-issuer': issuer,
    'service-account-jwks-uri': `${issuer}/keys`,
    'api-audiences': API_AUDIENCE,
    'authentication-token-webhook-config-file': `${NODE_FOLDER}/${AUTHENTICATOR_FILE}`,
    'authentication-token-webhook-version': 'v1',
  };
  // A run creates dozens of namespaces with several objects at once.
  const controllers = { 'kube-api-qps': '500', 'kube-api-burst': '1000' };
  // A temporary cluster needs no durability.
  const etcd = { 'unsafe-no-fsync': 'true' };
  const volume = { name: 'conformance', hostPath: NODE_FOLDER, mountPath: NODE_FOLDER, readOnly: true };
  // kind applies the patch with the matching apiVersion, which depends on the versions of kind and Kubernetes.
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
        // Since Kubernetes 1.35, kubelets reject cgroups v1 by default.
        ...(cgroupVersion === '1' && { failCgroupV1: false }),
      }),
    ],
  });
}

const mount = (hostPath: string, containerPath: string): object => ({ hostPath, containerPath, readOnly: true });
