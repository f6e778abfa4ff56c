import type { Service, ServiceRequest } from '../core/service.ts';
import { actionOf } from './routing.ts';

/** The operation of a request, before its service sees it; `Unknown` when it is none that the service has. */
export function identifyOperation(
  service: Service,
  request: ServiceRequest,
): { readonly operation: string; readonly clusterName?: string } {
  try {
    return service.identify?.(request) ?? { operation: actionOf(request, request.body) ?? 'Unknown' };
  } catch {
    // The service answers for what is wrong with the request.
    return { operation: 'Unknown' };
  }
}
