import { bool, embedded, int32, int64, list, map, optional, pointer, string, struct } from '../../go/json-types.ts';
import { ObjectFieldSelector, ResourceFieldSelector } from './container-environment.ts';
import { LabelSelector } from './metadata.ts';

/** Volumes made of secrets, config maps, tokens and pod fields, as Kubernetes' core/v1 API has them (v1.36). */

export const KeyToPath = struct('KeyToPath', {
  key: string,
  path: string,
  mode: optional(pointer(int32)),
});

export const SecretVolumeSource = struct('SecretVolumeSource', {
  secretName: optional(string),
  items: optional(list(KeyToPath)),
  defaultMode: optional(pointer(int32)),
  optional: optional(pointer(bool)),
});

export const DownwardAPIVolumeFile = struct('DownwardAPIVolumeFile', {
  path: string,
  fieldRef: optional(pointer(ObjectFieldSelector)),
  resourceFieldRef: optional(pointer(ResourceFieldSelector)),
  mode: optional(pointer(int32)),
});

export const DownwardAPIVolumeSource = struct('DownwardAPIVolumeSource', {
  items: optional(list(DownwardAPIVolumeFile)),
  defaultMode: optional(pointer(int32)),
});

export const ConfigMapVolumeSource = struct('ConfigMapVolumeSource', {
  ...embedded('LocalObjectReference', { name: optional(string) }),
  items: optional(list(KeyToPath)),
  defaultMode: optional(pointer(int32)),
  optional: optional(pointer(bool)),
});

export const SecretProjection = struct('SecretProjection', {
  ...embedded('LocalObjectReference', { name: optional(string) }),
  items: optional(list(KeyToPath)),
  optional: optional(pointer(bool)),
});

export const DownwardAPIProjection = struct('DownwardAPIProjection', {
  items: optional(list(DownwardAPIVolumeFile)),
});

export const ConfigMapProjection = struct('ConfigMapProjection', {
  ...embedded('LocalObjectReference', { name: optional(string) }),
  items: optional(list(KeyToPath)),
  optional: optional(pointer(bool)),
});

export const ServiceAccountTokenProjection = struct('ServiceAccountTokenProjection', {
  audience: optional(string),
  expirationSeconds: optional(pointer(int64)),
  path: string,
});

export const ClusterTrustBundleProjection = struct('ClusterTrustBundleProjection', {
  name: optional(pointer(string)),
  signerName: optional(pointer(string)),
  labelSelector: optional(pointer(LabelSelector)),
  optional: optional(pointer(bool)),
  path: string,
});

export const PodCertificateProjection = struct('PodCertificateProjection', {
  signerName: optional(string),
  keyType: optional(string),
  maxExpirationSeconds: optional(pointer(int32)),
  credentialBundlePath: optional(string),
  keyPath: optional(string),
  certificateChainPath: optional(string),
  userAnnotations: optional(map(string)),
});

export const VolumeProjection = struct('VolumeProjection', {
  secret: optional(pointer(SecretProjection)),
  downwardAPI: optional(pointer(DownwardAPIProjection)),
  configMap: optional(pointer(ConfigMapProjection)),
  serviceAccountToken: optional(pointer(ServiceAccountTokenProjection)),
  clusterTrustBundle: optional(pointer(ClusterTrustBundleProjection)),
  podCertificate: optional(pointer(PodCertificateProjection)),
});

export const ProjectedVolumeSource = struct('ProjectedVolumeSource', {
  sources: list(VolumeProjection),
  defaultMode: optional(pointer(int32)),
});
