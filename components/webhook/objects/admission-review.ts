import { bool, list, map, named, optional, pointer, raw, string, struct } from '../../go/json-types.ts';

/** The admission review, as Kubernetes' admission.k8s.io API has it; v1 and v1beta1 do not differ in their fields. */

const GroupVersionKind = struct('GroupVersionKind', { group: string, version: string, kind: string });
const GroupVersionResource = struct('GroupVersionResource', { group: string, version: string, resource: string });

const UserInfo = struct('UserInfo', {
  username: optional(string),
  uid: optional(string),
  groups: optional(list(string)),
  extra: optional(map(list(string), 'map[string]v1.ExtraValue')),
});

const AdmissionRequest = struct('AdmissionRequest', {
  uid: named('types.UID'),
  kind: GroupVersionKind,
  resource: GroupVersionResource,
  subResource: optional(string),
  requestKind: optional(pointer(GroupVersionKind)),
  requestResource: optional(pointer(GroupVersionResource)),
  requestSubResource: optional(string),
  name: optional(string),
  namespace: optional(string),
  operation: named('v1.Operation'),
  userInfo: UserInfo,
  object: optional(raw),
  oldObject: optional(raw),
  dryRun: optional(pointer(bool)),
  options: optional(raw),
});

export const AdmissionReview = struct('AdmissionReview', {
  kind: optional(string),
  apiVersion: optional(string),
  request: optional(pointer(AdmissionRequest)),
  response: optional(raw),
});
