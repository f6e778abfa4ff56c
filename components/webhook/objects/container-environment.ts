import { bool, embedded, optional, pointer, quantity, string, struct } from '../../go/json-types.ts';

/** The environment of a container, as Kubernetes' core/v1 API has them (v1.36). */

export const ConfigMapEnvSource = struct('ConfigMapEnvSource', {
  ...embedded('LocalObjectReference', { name: optional(string) }),
  optional: optional(pointer(bool)),
});

export const SecretEnvSource = struct('SecretEnvSource', {
  ...embedded('LocalObjectReference', { name: optional(string) }),
  optional: optional(pointer(bool)),
});

export const EnvFromSource = struct('EnvFromSource', {
  prefix: optional(string),
  configMapRef: optional(pointer(ConfigMapEnvSource)),
  secretRef: optional(pointer(SecretEnvSource)),
});

export const ObjectFieldSelector = struct('ObjectFieldSelector', {
  apiVersion: optional(string),
  fieldPath: string,
});

export const ResourceFieldSelector = struct('ResourceFieldSelector', {
  containerName: optional(string),
  resource: string,
  divisor: optional(quantity),
});

export const ConfigMapKeySelector = struct('ConfigMapKeySelector', {
  ...embedded('LocalObjectReference', { name: optional(string) }),
  key: string,
  optional: optional(pointer(bool)),
});

export const SecretKeySelector = struct('SecretKeySelector', {
  ...embedded('LocalObjectReference', { name: optional(string) }),
  key: string,
  optional: optional(pointer(bool)),
});

export const FileKeySelector = struct('FileKeySelector', {
  volumeName: string,
  path: string,
  key: string,
  optional: optional(pointer(bool)),
});

export const EnvVarSource = struct('EnvVarSource', {
  fieldRef: optional(pointer(ObjectFieldSelector)),
  resourceFieldRef: optional(pointer(ResourceFieldSelector)),
  configMapKeyRef: optional(pointer(ConfigMapKeySelector)),
  secretKeyRef: optional(pointer(SecretKeySelector)),
  fileKeyRef: optional(pointer(FileKeySelector)),
});

export const EnvVar = struct('EnvVar', {
  name: string,
  value: optional(string),
  valueFrom: optional(pointer(EnvVarSource)),
});
