import {
  bool,
  embedded,
  int32,
  list,
  map,
  named,
  optional,
  pointer,
  quantity,
  string,
  struct,
} from '../../go/json-types.ts';
import { LocalObjectReference } from './metadata.ts';
import {
  ConfigMapVolumeSource,
  DownwardAPIVolumeSource,
  ProjectedVolumeSource,
  SecretVolumeSource,
} from './projected-volume.ts';
import { EphemeralVolumeSource } from './volume-claim.ts';

/** Volumes, as Kubernetes' core/v1 API has them (v1.36). */

export const HostPathVolumeSource = struct('HostPathVolumeSource', {
  path: string,
  type: optional(pointer(named('v1.HostPathType'))),
});

export const EmptyDirVolumeSource = struct('EmptyDirVolumeSource', {
  medium: optional(named('v1.StorageMedium')),
  sizeLimit: optional(pointer(quantity)),
});

export const GCEPersistentDiskVolumeSource = struct('GCEPersistentDiskVolumeSource', {
  pdName: string,
  fsType: optional(string),
  partition: optional(int32),
  readOnly: optional(bool),
});

export const AWSElasticBlockStoreVolumeSource = struct('AWSElasticBlockStoreVolumeSource', {
  volumeID: string,
  fsType: optional(string),
  partition: optional(int32),
  readOnly: optional(bool),
});

export const GitRepoVolumeSource = struct('GitRepoVolumeSource', {
  repository: string,
  revision: optional(string),
  directory: optional(string),
});

export const NFSVolumeSource = struct('NFSVolumeSource', {
  server: string,
  path: string,
  readOnly: optional(bool),
});

export const ISCSIVolumeSource = struct('ISCSIVolumeSource', {
  targetPortal: string,
  iqn: string,
  lun: int32,
  iscsiInterface: optional(string),
  fsType: optional(string),
  readOnly: optional(bool),
  portals: optional(list(string)),
  chapAuthDiscovery: optional(bool),
  chapAuthSession: optional(bool),
  secretRef: optional(pointer(LocalObjectReference)),
  initiatorName: optional(pointer(string)),
});

export const GlusterfsVolumeSource = struct('GlusterfsVolumeSource', {
  endpoints: string,
  path: string,
  readOnly: optional(bool),
});

export const PersistentVolumeClaimVolumeSource = struct('PersistentVolumeClaimVolumeSource', {
  claimName: string,
  readOnly: optional(bool),
});

export const RBDVolumeSource = struct('RBDVolumeSource', {
  monitors: list(string),
  image: string,
  fsType: optional(string),
  pool: optional(string),
  user: optional(string),
  keyring: optional(string),
  secretRef: optional(pointer(LocalObjectReference)),
  readOnly: optional(bool),
});

export const FlexVolumeSource = struct('FlexVolumeSource', {
  driver: string,
  fsType: optional(string),
  secretRef: optional(pointer(LocalObjectReference)),
  readOnly: optional(bool),
  options: optional(map(string)),
});

export const CinderVolumeSource = struct('CinderVolumeSource', {
  volumeID: string,
  fsType: optional(string),
  readOnly: optional(bool),
  secretRef: optional(pointer(LocalObjectReference)),
});

export const CephFSVolumeSource = struct('CephFSVolumeSource', {
  monitors: list(string),
  path: optional(string),
  user: optional(string),
  secretFile: optional(string),
  secretRef: optional(pointer(LocalObjectReference)),
  readOnly: optional(bool),
});

export const FlockerVolumeSource = struct('FlockerVolumeSource', {
  datasetName: optional(string),
  datasetUUID: optional(string),
});

export const FCVolumeSource = struct('FCVolumeSource', {
  targetWWNs: optional(list(string)),
  lun: optional(pointer(int32)),
  fsType: optional(string),
  readOnly: optional(bool),
  wwids: optional(list(string)),
});

export const AzureFileVolumeSource = struct('AzureFileVolumeSource', {
  secretName: string,
  shareName: string,
  readOnly: optional(bool),
});

export const VsphereVirtualDiskVolumeSource = struct('VsphereVirtualDiskVolumeSource', {
  volumePath: string,
  fsType: optional(string),
  storagePolicyName: optional(string),
  storagePolicyID: optional(string),
});

export const QuobyteVolumeSource = struct('QuobyteVolumeSource', {
  registry: string,
  volume: string,
  readOnly: optional(bool),
  user: optional(string),
  group: optional(string),
  tenant: optional(string),
});

export const AzureDiskVolumeSource = struct('AzureDiskVolumeSource', {
  diskName: string,
  diskURI: string,
  cachingMode: optional(pointer(named('v1.AzureDataDiskCachingMode'))),
  fsType: optional(pointer(string)),
  readOnly: optional(pointer(bool)),
  kind: optional(pointer(named('v1.AzureDataDiskKind'))),
});

export const PhotonPersistentDiskVolumeSource = struct('PhotonPersistentDiskVolumeSource', {
  pdID: string,
  fsType: optional(string),
});

export const PortworxVolumeSource = struct('PortworxVolumeSource', {
  volumeID: string,
  fsType: optional(string),
  readOnly: optional(bool),
});

export const ScaleIOVolumeSource = struct('ScaleIOVolumeSource', {
  gateway: string,
  system: string,
  secretRef: pointer(LocalObjectReference),
  sslEnabled: optional(bool),
  protectionDomain: optional(string),
  storagePool: optional(string),
  storageMode: optional(string),
  volumeName: optional(string),
  fsType: optional(string),
  readOnly: optional(bool),
});

export const StorageOSVolumeSource = struct('StorageOSVolumeSource', {
  volumeName: optional(string),
  volumeNamespace: optional(string),
  fsType: optional(string),
  readOnly: optional(bool),
  secretRef: optional(pointer(LocalObjectReference)),
});

export const CSIVolumeSource = struct('CSIVolumeSource', {
  driver: string,
  readOnly: optional(pointer(bool)),
  fsType: optional(pointer(string)),
  volumeAttributes: optional(map(string)),
  nodePublishSecretRef: optional(pointer(LocalObjectReference)),
});

export const ImageVolumeSource = struct('ImageVolumeSource', {
  reference: optional(string),
  pullPolicy: optional(named('v1.PullPolicy')),
});

export const Volume = struct('Volume', {
  name: string,
  ...embedded('VolumeSource', {
    hostPath: optional(pointer(HostPathVolumeSource)),
    emptyDir: optional(pointer(EmptyDirVolumeSource)),
    gcePersistentDisk: optional(pointer(GCEPersistentDiskVolumeSource)),
    awsElasticBlockStore: optional(pointer(AWSElasticBlockStoreVolumeSource)),
    gitRepo: optional(pointer(GitRepoVolumeSource)),
    secret: optional(pointer(SecretVolumeSource)),
    nfs: optional(pointer(NFSVolumeSource)),
    iscsi: optional(pointer(ISCSIVolumeSource)),
    glusterfs: optional(pointer(GlusterfsVolumeSource)),
    persistentVolumeClaim: optional(pointer(PersistentVolumeClaimVolumeSource)),
    rbd: optional(pointer(RBDVolumeSource)),
    flexVolume: optional(pointer(FlexVolumeSource)),
    cinder: optional(pointer(CinderVolumeSource)),
    cephfs: optional(pointer(CephFSVolumeSource)),
    flocker: optional(pointer(FlockerVolumeSource)),
    downwardAPI: optional(pointer(DownwardAPIVolumeSource)),
    fc: optional(pointer(FCVolumeSource)),
    azureFile: optional(pointer(AzureFileVolumeSource)),
    configMap: optional(pointer(ConfigMapVolumeSource)),
    vsphereVolume: optional(pointer(VsphereVirtualDiskVolumeSource)),
    quobyte: optional(pointer(QuobyteVolumeSource)),
    azureDisk: optional(pointer(AzureDiskVolumeSource)),
    photonPersistentDisk: optional(pointer(PhotonPersistentDiskVolumeSource)),
    projected: optional(pointer(ProjectedVolumeSource)),
    portworxVolume: optional(pointer(PortworxVolumeSource)),
    scaleIO: optional(pointer(ScaleIOVolumeSource)),
    storageos: optional(pointer(StorageOSVolumeSource)),
    csi: optional(pointer(CSIVolumeSource)),
    ephemeral: optional(pointer(EphemeralVolumeSource)),
    image: optional(pointer(ImageVolumeSource)),
  }),
});
