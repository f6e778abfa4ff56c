import { encode, type Encoded } from '../../go/json-encode.ts';
import { narrowed } from '../../go/text.ts';
import { Container as ContainerType } from '../kubernetes-types.ts';
import type { Settings } from '../settings.ts';
import { mutateContainer } from './container.ts';
import type { MutationPlan } from './plan.ts';
import type { Container, Pod } from './pod-type.ts';

/** One operation of a JSON Patch (RFC 6902). */
export interface PatchOperation {
  readonly op: 'add';
  readonly path: string;
  readonly value: Encoded;
}

/**
 * The patch that carries out a plan: the label (Pod Identity alone), the volume unless the pod has one of that name,
 * then all containers and all init containers, changed or not. Ephemeral containers are left alone.
 */
export function patchOf(pod: Pod, plan: MutationPlan, faults: Settings['faults'] = new Set()): PatchOperation[] {
  const initContainers = faults.has('webhook-forgets-init-containers') ? [] : (pod.spec?.initContainers ?? []);
  return [
    ...(plan.method === 'container_credentials' ? [labelOperation(pod)] : []),
    ...volumeOperations(pod, plan),
    { op: 'add', path: '/spec/containers', value: mutated(pod.spec?.containers ?? [], plan) },
    ...(initContainers.length === 0
      ? []
      : [{ op: 'add' as const, path: '/spec/initContainers', value: mutated(initContainers, plan) }]),
  ];
}

function labelOperation(pod: Pod): PatchOperation {
  if (pod.metadata?.labels === undefined) {
    return { op: 'add', path: '/metadata/labels', value: { 'eks.amazonaws.com/pod-identity': 'enabled' } };
  }
  return { op: 'add', path: '/metadata/labels/eks.amazonaws.com~1pod-identity', value: 'enabled' };
}

function volumeOperations(pod: Pod, plan: MutationPlan): PatchOperation[] {
  const volumes = pod.spec?.volumes;
  if (volumes?.some((volume) => volume.name === plan.volumeName)) return [];
  const volume = tokenVolume(plan);
  return volumes === undefined
    ? [{ op: 'add', path: '/spec/volumes', value: [volume] }]
    : [{ op: 'add', path: '/spec/volumes/0', value: volume }];
}

function tokenVolume({ volumeName, token }: MutationPlan): Encoded {
  const serviceAccountToken = {
    // An empty audience is left out, as is any empty string that may be absent.
    ...(token.audience === '' ? {} : { audience: token.audience }),
    expirationSeconds: narrowed(token.expirationSeconds),
    path: token.path,
  };
  return { name: volumeName, projected: { sources: [{ serviceAccountToken }] } };
}

const mutated = (containers: readonly Container[], plan: MutationPlan): Encoded =>
  containers.map((container) =>
    encode(ContainerType, plan.skip.has(container.name ?? '') ? container : mutateContainer(container, plan)),
  );
