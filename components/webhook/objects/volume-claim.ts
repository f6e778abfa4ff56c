import { list, named, optional, pointer, string, struct } from '../../go/json-types.ts';
import { LabelSelector, ObjectMeta } from './metadata.ts';
import { resourceList } from './resources.ts';

/** Volume claims within a pod, as Kubernetes' core/v1 API has them (v1.36). */

export const VolumeResourceRequirements = struct('VolumeResourceRequirements', {
  limits: optional(resourceList),
  requests: optional(resourceList),
});

export const TypedLocalObjectReference = struct('TypedLocalObjectReference', {
  apiGroup: pointer(string),
  kind: string,
  name: string,
});

export const TypedObjectReference = struct('TypedObjectReference', {
  apiGroup: pointer(string),
  kind: string,
  name: string,
  namespace: optional(pointer(string)),
});

export const PersistentVolumeClaimSpec = struct('PersistentVolumeClaimSpec', {
  accessModes: optional(list(named('v1.PersistentVolumeAccessMode'))),
  selector: optional(pointer(LabelSelector)),
  resources: optional(VolumeResourceRequirements),
  volumeName: optional(string),
  storageClassName: optional(pointer(string)),
  volumeMode: optional(pointer(named('v1.PersistentVolumeMode'))),
  dataSource: optional(pointer(TypedLocalObjectReference)),
  dataSourceRef: optional(pointer(TypedObjectReference)),
  volumeAttributesClassName: optional(pointer(string)),
});

export const PersistentVolumeClaimTemplate = struct('PersistentVolumeClaimTemplate', {
  metadata: optional(ObjectMeta),
  spec: PersistentVolumeClaimSpec,
});

export const EphemeralVolumeSource = struct('EphemeralVolumeSource', {
  volumeClaimTemplate: optional(pointer(PersistentVolumeClaimTemplate)),
});
