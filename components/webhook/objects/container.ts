import { bool, embedded, int32, list, named, optional, pointer, string, struct } from '../../go/json-types.ts';
import { EnvFromSource, EnvVar } from './container-environment.ts';
import { Lifecycle, Probe } from './probe.ts';
import { ContainerResizePolicy, ResourceRequirements } from './resources.ts';
import { SecurityContext } from './security-context.ts';

/** Containers, as Kubernetes' core/v1 API has them (v1.36). */

export const ContainerPort = struct('ContainerPort', {
  name: optional(string),
  hostPort: optional(int32),
  containerPort: int32,
  protocol: optional(named('v1.Protocol')),
  hostIP: optional(string),
});

export const ContainerRestartRuleOnExitCodes = struct('ContainerRestartRuleOnExitCodes', {
  operator: optional(named('v1.ContainerRestartRuleOnExitCodesOperator')),
  values: optional(list(int32)),
});

export const ContainerRestartRule = struct('ContainerRestartRule', {
  action: optional(named('v1.ContainerRestartRuleAction')),
  exitCodes: optional(pointer(ContainerRestartRuleOnExitCodes)),
});

export const VolumeMount = struct('VolumeMount', {
  name: string,
  readOnly: optional(bool),
  recursiveReadOnly: optional(pointer(named('v1.RecursiveReadOnlyMode'))),
  mountPath: string,
  subPath: optional(string),
  mountPropagation: optional(pointer(named('v1.MountPropagationMode'))),
  subPathExpr: optional(string),
});

export const VolumeDevice = struct('VolumeDevice', {
  name: string,
  devicePath: string,
});

export const Container = struct('Container', {
  name: string,
  image: optional(string),
  command: optional(list(string)),
  args: optional(list(string)),
  workingDir: optional(string),
  ports: optional(list(ContainerPort)),
  envFrom: optional(list(EnvFromSource)),
  env: optional(list(EnvVar)),
  resources: optional(ResourceRequirements),
  resizePolicy: optional(list(ContainerResizePolicy)),
  restartPolicy: optional(pointer(named('v1.ContainerRestartPolicy'))),
  restartPolicyRules: optional(list(ContainerRestartRule)),
  volumeMounts: optional(list(VolumeMount)),
  volumeDevices: optional(list(VolumeDevice)),
  livenessProbe: optional(pointer(Probe)),
  readinessProbe: optional(pointer(Probe)),
  startupProbe: optional(pointer(Probe)),
  lifecycle: optional(pointer(Lifecycle)),
  terminationMessagePath: optional(string),
  terminationMessagePolicy: optional(named('v1.TerminationMessagePolicy')),
  imagePullPolicy: optional(named('v1.PullPolicy')),
  securityContext: optional(pointer(SecurityContext)),
  stdin: optional(bool),
  stdinOnce: optional(bool),
  tty: optional(bool),
});

export const EphemeralContainer = struct('EphemeralContainer', {
  ...embedded('EphemeralContainerCommon', Container.fields),
  targetContainerName: optional(string),
});
