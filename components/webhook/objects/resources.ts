import { list, map, named, optional, quantity, string, struct } from '../../go/json-types.ts';

/** Compute resources, as Kubernetes' core/v1 API has them (v1.36). */

export const resourceList = map(quantity, 'v1.ResourceList');

export const ResourceClaim = struct('ResourceClaim', {
  name: string,
  request: optional(string),
});

export const ResourceRequirements = struct('ResourceRequirements', {
  limits: optional(resourceList),
  requests: optional(resourceList),
  claims: optional(list(ResourceClaim)),
});

export const ContainerResizePolicy = struct('ContainerResizePolicy', {
  resourceName: named('v1.ResourceName'),
  restartPolicy: named('v1.ResourceResizeRestartPolicy'),
});
