import { bool, int64, list, named, optional, pointer, string, struct } from '../../go/json-types.ts';

/** Security contexts of pods and containers, as Kubernetes' core/v1 API has them (v1.36). */

export const Capabilities = struct('Capabilities', {
  add: optional(list(named('v1.Capability'))),
  drop: optional(list(named('v1.Capability'))),
});

export const SELinuxOptions = struct('SELinuxOptions', {
  user: optional(string),
  role: optional(string),
  type: optional(string),
  level: optional(string),
});

export const WindowsSecurityContextOptions = struct('WindowsSecurityContextOptions', {
  gmsaCredentialSpecName: optional(pointer(string)),
  gmsaCredentialSpec: optional(pointer(string)),
  runAsUserName: optional(pointer(string)),
  hostProcess: optional(pointer(bool)),
});

export const SeccompProfile = struct('SeccompProfile', {
  type: named('v1.SeccompProfileType'),
  localhostProfile: optional(pointer(string)),
});

export const AppArmorProfile = struct('AppArmorProfile', {
  type: named('v1.AppArmorProfileType'),
  localhostProfile: optional(pointer(string)),
});

export const SecurityContext = struct('SecurityContext', {
  capabilities: optional(pointer(Capabilities)),
  privileged: optional(pointer(bool)),
  seLinuxOptions: optional(pointer(SELinuxOptions)),
  windowsOptions: optional(pointer(WindowsSecurityContextOptions)),
  runAsUser: optional(pointer(int64)),
  runAsGroup: optional(pointer(int64)),
  runAsNonRoot: optional(pointer(bool)),
  readOnlyRootFilesystem: optional(pointer(bool)),
  allowPrivilegeEscalation: optional(pointer(bool)),
  procMount: optional(pointer(named('v1.ProcMountType'))),
  seccompProfile: optional(pointer(SeccompProfile)),
  appArmorProfile: optional(pointer(AppArmorProfile)),
});

export const Sysctl = struct('Sysctl', {
  name: string,
  value: string,
});

export const PodSecurityContext = struct('PodSecurityContext', {
  seLinuxOptions: optional(pointer(SELinuxOptions)),
  windowsOptions: optional(pointer(WindowsSecurityContextOptions)),
  runAsUser: optional(pointer(int64)),
  runAsGroup: optional(pointer(int64)),
  runAsNonRoot: optional(pointer(bool)),
  supplementalGroups: optional(list(int64)),
  supplementalGroupsPolicy: optional(pointer(named('v1.SupplementalGroupsPolicy'))),
  fsGroup: optional(pointer(int64)),
  sysctls: optional(list(Sysctl)),
  fsGroupChangePolicy: optional(pointer(named('v1.PodFSGroupChangePolicy'))),
  seccompProfile: optional(pointer(SeccompProfile)),
  appArmorProfile: optional(pointer(AppArmorProfile)),
  seLinuxChangePolicy: optional(pointer(named('v1.PodSELinuxChangePolicy'))),
});
