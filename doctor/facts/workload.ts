import type { ObjectName } from '../snapshot/object-name.ts';
import type { Pod } from '../snapshot/kubernetes.ts';

/**
 * Returns what people deploy: the Deployment or CronJob behind a ReplicaSet or Job. Their names are parts of its name
 * (Kubernetes documentation, "Deployments", pod-template-hash label; "CronJob", job names), so nothing else is read.
 */
export function workloadOf({ metadata }: Pod): ObjectName {
  const { namespace, owner, labels, name } = metadata;
  const object = (kind: string, objectName: string): ObjectName => ({
    kind,
    name: objectName,
    ...(namespace !== undefined && { namespace }),
  });
  if (owner === undefined) return object('Pod', name);
  const hash = labels?.['pod-template-hash'];
  if (owner.kind === 'ReplicaSet' && hash !== undefined && owner.name.endsWith(`-${hash}`))
    return object('Deployment', owner.name.slice(0, -hash.length - 1));
  const [, cronJob] = owner.kind === 'Job' ? (/^(.+)-\d{8,11}$/.exec(owner.name) ?? []) : [];
  if (cronJob !== undefined) return object('CronJob', cronJob);
  return object(owner.kind, owner.name);
}
