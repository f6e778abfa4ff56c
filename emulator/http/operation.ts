import type { Service, ServiceRequest } from '../core/service.ts';
import { findRoute } from '../eks/router.ts';
import { ROUTES } from '../eks/routes.ts';
import { actionOf } from './routing.ts';

/** The operation of a request, before its service sees it; `Unknown` when it is none that the service has. */
export interface IdentifiedOperation {
  readonly operation: string;
  readonly clusterName?: string;
}

const UNKNOWN: IdentifiedOperation = { operation: 'Unknown' };

export function identifyOperation(service: Service, request: ServiceRequest): IdentifiedOperation {
  try {
    if (service.identify !== undefined) return service.identify(request);
    switch (service.name) {
      case 'iam':
      case 'sts':
      case 'ec2':
        return { operation: actionOf(request, request.body) ?? 'Unknown' };
      case 'eks':
        return eksOperation(request);
      case 'eks-auth':
        return eksAuthOperation(request);
      case 's3':
        return UNKNOWN;
    }
  } catch {
    // The service answers for what is wrong with the request.
    return UNKNOWN;
  }
}

function eksOperation({ method, path }: ServiceRequest): IdentifiedOperation {
  const { route, parameters } = findRoute(ROUTES, method, path);
  const clusterName = parameters['clusterName'];
  return { operation: route.operation, ...(clusterName === undefined ? {} : { clusterName }) };
}

function eksAuthOperation({ path }: ServiceRequest): IdentifiedOperation {
  const clusterName = /^\/clusters\/([^/]+)\/assume-role-for-pod-identity$/.exec(path)?.[1];
  return clusterName === undefined
    ? UNKNOWN
    : { operation: 'AssumeRoleForPodIdentity', clusterName: decodeURIComponent(clusterName) };
}
