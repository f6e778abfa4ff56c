import { objectsIn } from '../admission/pod-defaults.ts';
import { isObject, type JsonObject } from '../patch/merge-patch.ts';
import type { KubeObject } from '../model/types.ts';

interface Printer {
  /** Columns after the name, with `:type` unless `string`. Those after the bar are for `-o wide`. */
  readonly columns: string;
  cells(object: KubeObject, age: string, now: number): unknown[];
}

/** Formats a duration like kubectl: `45s`, `3m20s`, `5h`, `12d`. */
function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return seconds % 60 === 0 ? `${minutes}m` : `${minutes}m${seconds % 60}s`;
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return minutes % 60 === 0 ? `${hours}h` : `${hours}h${minutes % 60}m`;
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (days < 8) return hours % 24 === 0 ? `${days}d` : `${days}d${hours % 24}h`;
  if (days < 730) return `${days}d`;
  return `${Math.floor(days / 365)}y${days % 365}d`;
}

export function age(since: unknown, now: number): string {
  return typeof since === 'string' ? duration(now - Date.parse(since)) : '<unknown>';
}

function part(object: KubeObject, field: string): JsonObject {
  const value = object[field];
  return isObject(value) ? value : {};
}

function text(value: unknown, otherwise = '<none>'): string {
  return typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : otherwise;
}

function count(value: unknown): number {
  return Array.isArray(value) ? value.length : isObject(value) ? Object.keys(value).length : 0;
}

function nodeCells(node: KubeObject, since: string): unknown[] {
  const status = part(node, 'status');
  const info = (status['nodeInfo'] ?? {}) as JsonObject;
  const ready = objectsIn(status['conditions']).find((condition) => condition['type'] === 'Ready');
  const states = [ready?.['status'] === 'True' ? 'Ready' : ready === undefined ? 'Unknown' : 'NotReady'];
  if (part(node, 'spec')['unschedulable'] === true) states.push('SchedulingDisabled');
  const prefix = 'node-role.kubernetes.io/';
  const roles = Object.keys(node.metadata.labels ?? {}).filter((label) => label.startsWith(prefix));
  const address = (type: string) => objectsIn(status['addresses']).find((a) => a['type'] === type)?.['address'];
  return [
    states.join(','),
    roles.map((label) => label.slice(prefix.length)).join(',') || '<none>',
    since,
    text(info['kubeletVersion'], ''),
    text(address('InternalIP')),
    text(address('ExternalIP')),
    text(info['osImage'], '<unknown>'),
    text(info['kernelVersion'], '<unknown>'),
    text(info['containerRuntimeVersion'], '<unknown>'),
  ];
}

function eventCells(event: KubeObject, _age: string, now: number): unknown[] {
  const involved = part(event, 'involvedObject');
  const seen =
    event['lastTimestamp'] ?? event['eventTime'] ?? event['firstTimestamp'] ?? event.metadata.creationTimestamp;
  const subject = `${text(involved['kind'], '').toLowerCase()}/${text(involved['name'], '')}`;
  return [
    age(seen, now),
    text(event['type'], ''),
    text(event['reason'], ''),
    subject,
    text(event['message'], '').trim(),
  ];
}

function bindingCells(binding: KubeObject, since: string): unknown[] {
  const roleRef = part(binding, 'roleRef');
  const named = (kind: string) =>
    objectsIn(binding['subjects'])
      .filter((subject) => subject['kind'] === kind)
      .map((s) =>
        kind === 'ServiceAccount' ? `${text(s['namespace'], '')}/${text(s['name'], '')}` : text(s['name'], ''),
      )
      .join(', ');
  const role = `${text(roleRef['kind'], '')}/${text(roleRef['name'], '')}`;
  return [role, since, named('User'), named('Group'), named('ServiceAccount')];
}

function serviceCells(service: KubeObject, since: string): unknown[] {
  const spec = part(service, 'spec');
  const ports = objectsIn(spec['ports']).map((p) => `${text(p['port'], '')}/${text(p['protocol'], 'TCP')}`);
  return [text(spec['type']), text(spec['clusterIP']), '<none>', ports.join(',') || '<none>', since];
}

const ROLE: Printer = { columns: 'Created At:date', cells: (role) => [role.metadata.creationTimestamp] };
const BINDING: Printer = {
  columns: 'Role,Age|Users,Groups,ServiceAccounts',
  cells: bindingCells,
};
const WEBHOOKS: Printer = {
  columns: 'Webhooks:integer,Age',
  cells: (configuration, since) => [count(configuration['webhooks']), since],
};

const PRINTERS: Readonly<Record<string, Printer>> = {
  namespaces: { columns: 'Status,Age', cells: (o, since) => [text(part(o, 'status')['phase']), since] },
  nodes: {
    columns: 'Status,Roles,Age,Version|Internal-IP,External-IP,OS-Image,Kernel-Version,Container-Runtime',
    cells: nodeCells,
  },
  pods: {
    columns: 'Ready,Status,Restarts,Age|IP,Node,Nominated Node,Readiness Gates',
    cells: podCells,
  },
  serviceaccounts: { columns: 'Secrets:integer,Age', cells: (o, since) => [count(o['secrets']), since] },
  secrets: { columns: 'Type,Data:integer,Age', cells: (o, since) => [o['type'], count(o['data']), since] },
  configmaps: {
    columns: 'Data:integer,Age',
    cells: (o, since) => [count(o['data']) + count(o['binaryData']), since],
  },
  events: { columns: 'Last Seen,Type,Reason,Object,Message', cells: eventCells },
  services: { columns: 'Type,Cluster-IP,External-IP,Port(s),Age', cells: serviceCells },
  deployments: {
    columns: 'Ready,Up-to-date:integer,Available:integer,Age',
    cells: (o, since) => {
      const {
        readyReplicas = 0,
        updatedReplicas = 0,
        availableReplicas = 0,
      } = part(o, 'status') as Record<string, number>;
      const wanted = text(part(o, 'spec')['replicas'], '0');
      return [`${readyReplicas}/${wanted}`, updatedReplicas, availableReplicas, since];
    },
  },
  replicasets: {
    columns: 'Desired:integer,Current:integer,Ready:integer,Age',
    cells: (o, since) => {
      const { replicas = 0, readyReplicas = 0 } = part(o, 'status') as Record<string, number>;
      return [part(o, 'spec')['replicas'] ?? 0, replicas, readyReplicas, since];
    },
  },
  daemonsets: {
    columns: 'Desired:integer,Current:integer,Ready:integer,Up-to-date:integer,Age',
    cells: (o, since) => {
      const status = part(o, 'status');
      const fields = ['desiredNumberScheduled', 'currentNumberScheduled', 'numberReady', 'updatedNumberScheduled'];
      return [...fields.map((field) => status[field] ?? 0), since];
    },
  },
  jobs: {
    columns: 'Status,Completions,Duration,Age',
    cells: (o, since, now) => {
      const { conditions, succeeded, startTime, completionTime } = part(o, 'status');
      const over = objectsIn(conditions).find((condition) => condition['status'] === 'True')?.['type'];
      const wanted = text(part(o, 'spec')['completions'], '1');
      const end = typeof completionTime === 'string' ? Date.parse(completionTime) : now;
      return [text(over, 'Running'), `${text(succeeded, '0')}/${wanted}`, age(startTime, end), since];
    },
  },
  roles: ROLE,
  clusterroles: ROLE,
  rolebindings: BINDING,
  clusterrolebindings: BINDING,
  mutatingwebhookconfigurations: WEBHOOKS,
  validatingwebhookconfigurations: WEBHOOKS,
  leases: { columns: 'Holder,Age', cells: (o, since) => [text(part(o, 'spec')['holderIdentity'], ''), since] },
};

const PLAIN: Printer = { columns: 'Age', cells: (_object, since) => [since] };

export function printerOf(resource: string): Printer {
  return PRINTERS[resource] ?? PLAIN;
}

function stateOf(status: JsonObject, state: string): JsonObject | undefined {
  const value = isObject(status['state']) ? status['state'][state] : undefined;
  return isObject(value) ? value : undefined;
}

function terminatedReason(terminated: JsonObject): string {
  if (typeof terminated['reason'] === 'string' && terminated['reason'] !== '') return terminated['reason'];
  return terminated['signal'] ? `Signal:${Number(terminated['signal'])}` : `ExitCode:${Number(terminated['exitCode'])}`;
}

/** Returns `Init:…` until all init containers have succeeded. */
function initReason(statuses: readonly JsonObject[], total: number): string | undefined {
  for (const [i, status] of statuses.entries()) {
    const terminated = stateOf(status, 'terminated');
    if (terminated?.['exitCode'] === 0 || status['started'] === true) continue;
    if (terminated !== undefined) return `Init:${terminatedReason(terminated)}`;
    const reason = stateOf(status, 'waiting')?.['reason'];
    if (typeof reason === 'string' && reason !== '' && reason !== 'PodInitializing') return `Init:${reason}`;
    return `Init:${i}/${total}`;
  }
  return undefined;
}

/** Returns the value of kubectl's Status column. */
function reasonOf(pod: KubeObject, spec: JsonObject, status: JsonObject): string {
  if (pod.metadata.deletionTimestamp !== undefined) return 'Terminating';
  const init = initReason(objectsIn(status['initContainerStatuses']), objectsIn(spec['initContainers']).length);
  if (init !== undefined) return init;
  for (const container of objectsIn(status['containerStatuses'])) {
    const waiting = stateOf(container, 'waiting')?.['reason'];
    if (typeof waiting === 'string' && waiting !== '') return waiting;
    const terminated = stateOf(container, 'terminated');
    if (terminated !== undefined) return terminatedReason(terminated);
  }
  const reason = status['reason'] ?? status['phase'];
  return typeof reason === 'string' ? reason : 'Unknown';
}

function podCells(pod: KubeObject, age: string): unknown[] {
  const spec = (pod['spec'] ?? {}) as JsonObject;
  const status = (pod['status'] ?? {}) as JsonObject;
  const statuses = objectsIn(status['containerStatuses']);
  const ready = statuses.filter((container) => container['ready'] === true).length;
  const restarts = statuses.reduce((sum, container) => sum + Number(container['restartCount'] ?? 0), 0);
  return [
    `${ready}/${objectsIn(spec['containers']).length}`,
    reasonOf(pod, spec, status),
    String(restarts),
    age,
    status['podIP'] ?? '<none>',
    spec['nodeName'] ?? '<none>',
    status['nominatedNodeName'] ?? '<none>',
    '<none>',
  ];
}
