import { encode, type Encoded } from '../../go/json-encode.ts';
import { narrowed } from '../../go/text.ts';
import { Container as ContainerType, type Container, type Pod, type EnvVar } from '../kubernetes-types.ts';
import type { MutationPlan } from './plan.ts';

/** One operation of a JSON Patch (RFC 6902). */
export interface PatchOperation {
  readonly op: 'add';
  readonly path: string;
  readonly value: Encoded;
}

/**
 * Returns the patch of a plan: the label (only for Pod Identity), the missing volume, then all containers and init
 * containers, even unchanged ones, but no ephemeral containers.
 */
export function patchOf(pod: Pod, plan: MutationPlan): PatchOperation[] {
  const initContainers = pod.spec?.initContainers ?? [];
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
    // Empty optional strings are omitted.
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

const STS_VARIABLE = 'AWS_STS_REGIONAL_ENDPOINTS';
const REGION_VARIABLES = ['AWS_DEFAULT_REGION', 'AWS_REGION'];

/**
 * Appends the plan's variables and mount to a container. Keeps existing ones: a container with either region variable
 * gets neither, and likewise for the credential variables. Ignores `envFrom`.
 */
function mutateContainer(container: Container, plan: MutationPlan): Container {
  const names = new Set((container.env ?? []).map((variable) => variable.name ?? ''));
  const hasCredentials = plan.credentialVariables.some((variable) => names.has(variable.name ?? ''));
  const hasRegion = REGION_VARIABLES.some((name) => names.has(name));
  const hasSts = names.has(STS_VARIABLE);
  // A container that sets everything itself gets no mount either.
  if (hasCredentials && hasRegion && hasSts) return container;

  const added: EnvVar[] = [
    ...(plan.regionalSts && !hasSts ? [{ name: STS_VARIABLE, value: 'regional' }] : []),
    ...(plan.region !== '' && !hasRegion ? REGION_VARIABLES.map((name) => ({ name, value: plan.region })) : []),
    ...(hasCredentials ? [] : plan.credentialVariables),
  ];
  const mounted = container.volumeMounts?.some((mount) => mount.name === plan.volumeName) ?? false;
  const mount = { name: plan.volumeName, readOnly: true, mountPath: plan.mountPath };
  return {
    ...container,
    env: [...(container.env ?? []), ...added],
    volumeMounts: [...(container.volumeMounts ?? []), ...(mounted ? [] : [mount])],
  };
}
