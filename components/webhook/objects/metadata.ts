import { bool, int64, list, map, named, optional, pointer, raw, string, struct, time } from '../../go/json-types.ts';

/** Object metadata and references to objects, as Kubernetes' core/v1 API has them (v1.36). */

export const OwnerReference = struct('OwnerReference', {
  apiVersion: string,
  kind: string,
  name: string,
  uid: named('types.UID'),
  controller: optional(pointer(bool)),
  blockOwnerDeletion: optional(pointer(bool)),
});

export const ManagedFieldsEntry = struct('ManagedFieldsEntry', {
  manager: optional(string),
  operation: optional(named('v1.ManagedFieldsOperationType')),
  apiVersion: optional(string),
  time: optional(pointer(time)),
  fieldsType: optional(string),
  fieldsV1: optional(pointer(raw)),
  subresource: optional(string),
});

export const ObjectMeta = struct('ObjectMeta', {
  name: optional(string),
  generateName: optional(string),
  namespace: optional(string),
  selfLink: optional(string),
  uid: optional(named('types.UID')),
  resourceVersion: optional(string),
  generation: optional(int64),
  creationTimestamp: optional(time),
  deletionTimestamp: optional(pointer(time)),
  deletionGracePeriodSeconds: optional(pointer(int64)),
  labels: optional(map(string)),
  annotations: optional(map(string)),
  ownerReferences: optional(list(OwnerReference)),
  finalizers: optional(list(string)),
  managedFields: optional(list(ManagedFieldsEntry)),
});

export const LocalObjectReference = struct('LocalObjectReference', {
  name: optional(string),
});

export const LabelSelectorRequirement = struct('LabelSelectorRequirement', {
  key: string,
  operator: named('v1.LabelSelectorOperator'),
  values: optional(list(string)),
});

export const LabelSelector = struct('LabelSelector', {
  matchLabels: optional(map(string)),
  matchExpressions: optional(list(LabelSelectorRequirement)),
});
