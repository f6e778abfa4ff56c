import {
  embedded,
  int32,
  int64,
  intOrString,
  list,
  named,
  optional,
  pointer,
  string,
  struct,
} from '../../go/json-types.ts';

/** Probes and lifecycle hooks, as Kubernetes' core/v1 API has them (v1.36). */

export const ExecAction = struct('ExecAction', {
  command: optional(list(string)),
});

export const HTTPHeader = struct('HTTPHeader', {
  name: string,
  value: string,
});

export const HTTPGetAction = struct('HTTPGetAction', {
  path: optional(string),
  port: intOrString,
  host: optional(string),
  scheme: optional(named('v1.URIScheme')),
  httpHeaders: optional(list(HTTPHeader)),
});

export const TCPSocketAction = struct('TCPSocketAction', {
  port: intOrString,
  host: optional(string),
});

export const GRPCAction = struct('GRPCAction', {
  port: int32,
  service: pointer(string),
});

export const SleepAction = struct('SleepAction', {
  seconds: int64,
});

export const Probe = struct('Probe', {
  ...embedded('ProbeHandler', {
    exec: optional(pointer(ExecAction)),
    httpGet: optional(pointer(HTTPGetAction)),
    tcpSocket: optional(pointer(TCPSocketAction)),
    grpc: optional(pointer(GRPCAction)),
  }),
  initialDelaySeconds: optional(int32),
  timeoutSeconds: optional(int32),
  periodSeconds: optional(int32),
  successThreshold: optional(int32),
  failureThreshold: optional(int32),
  terminationGracePeriodSeconds: optional(pointer(int64)),
});

export const LifecycleHandler = struct('LifecycleHandler', {
  exec: optional(pointer(ExecAction)),
  httpGet: optional(pointer(HTTPGetAction)),
  tcpSocket: optional(pointer(TCPSocketAction)),
  sleep: optional(pointer(SleepAction)),
});

export const Lifecycle = struct('Lifecycle', {
  postStart: optional(pointer(LifecycleHandler)),
  preStop: optional(pointer(LifecycleHandler)),
  stopSignal: optional(pointer(named('v1.Signal'))),
});
