import {
  bool,
  embedded,
  int32,
  int64,
  list,
  map,
  named,
  optional,
  pointer,
  raw,
  string,
  struct,
} from '../../go/json-types.ts';
import { Container, EphemeralContainer } from './container.ts';
import { LocalObjectReference, ObjectMeta } from './metadata.ts';
import { ResourceRequirements, resourceList } from './resources.ts';
import {
  Affinity,
  PodReadinessGate,
  PodSchedulingGate,
  PodSchedulingGroup,
  Toleration,
  TopologySpreadConstraint,
} from './scheduling.ts';
import { PodSecurityContext } from './security-context.ts';
import { Volume } from './volume.ts';

/** The pod, as Kubernetes' core/v1 API has them (v1.36). */

export const HostAlias = struct('HostAlias', {
  ip: string,
  hostnames: optional(list(string)),
});

export const PodDNSConfigOption = struct('PodDNSConfigOption', {
  name: optional(string),
  value: optional(pointer(string)),
});

export const PodDNSConfig = struct('PodDNSConfig', {
  nameservers: optional(list(string)),
  searches: optional(list(string)),
  options: optional(list(PodDNSConfigOption)),
});

export const PodOS = struct('PodOS', {
  name: named('v1.OSName'),
});

export const PodResourceClaim = struct('PodResourceClaim', {
  name: string,
  resourceClaimName: optional(pointer(string)),
  resourceClaimTemplateName: optional(pointer(string)),
});

export const PodSpec = struct('PodSpec', {
  volumes: optional(list(Volume)),
  initContainers: optional(list(Container)),
  containers: list(Container),
  ephemeralContainers: optional(list(EphemeralContainer)),
  restartPolicy: optional(named('v1.RestartPolicy')),
  terminationGracePeriodSeconds: optional(pointer(int64)),
  activeDeadlineSeconds: optional(pointer(int64)),
  dnsPolicy: optional(named('v1.DNSPolicy')),
  nodeSelector: optional(map(string)),
  serviceAccountName: optional(string),
  serviceAccount: optional(string),
  automountServiceAccountToken: optional(pointer(bool)),
  nodeName: optional(string),
  hostNetwork: optional(bool),
  hostPID: optional(bool),
  hostIPC: optional(bool),
  shareProcessNamespace: optional(pointer(bool)),
  securityContext: optional(pointer(PodSecurityContext)),
  imagePullSecrets: optional(list(LocalObjectReference)),
  hostname: optional(string),
  subdomain: optional(string),
  affinity: optional(pointer(Affinity)),
  schedulerName: optional(string),
  tolerations: optional(list(Toleration)),
  hostAliases: optional(list(HostAlias)),
  priorityClassName: optional(string),
  priority: optional(pointer(int32)),
  dnsConfig: optional(pointer(PodDNSConfig)),
  readinessGates: optional(list(PodReadinessGate)),
  runtimeClassName: optional(pointer(string)),
  enableServiceLinks: optional(pointer(bool)),
  preemptionPolicy: optional(pointer(named('v1.PreemptionPolicy'))),
  overhead: optional(resourceList),
  topologySpreadConstraints: optional(list(TopologySpreadConstraint)),
  setHostnameAsFQDN: optional(pointer(bool)),
  os: optional(pointer(PodOS)),
  hostUsers: optional(pointer(bool)),
  schedulingGates: optional(list(PodSchedulingGate)),
  resourceClaims: optional(list(PodResourceClaim)),
  resources: optional(pointer(ResourceRequirements)),
  hostnameOverride: optional(pointer(string)),
  schedulingGroup: optional(pointer(PodSchedulingGroup)),
});

export const Pod = struct('Pod', {
  ...embedded('TypeMeta', { kind: optional(string), apiVersion: optional(string) }),
  metadata: optional(ObjectMeta),
  spec: optional(PodSpec),
  status: optional(raw),
});
