import type { Association, KeptSession } from '../world/eks-model.ts';
import { openSession, type PodCall } from './session.ts';

/**
 * Returns the pod's earlier session, else opens a new one. For the setting `eksAuthKeepsSessions`: changed associations
 * do not affect running pods (EKS User Guide, "Access AWS resources using EKS Pod Identity target IAM roles").
 */
export function keptSession(call: PodCall, association: Association, longest?: number): KeptSession {
  const { context, request, cluster, identity } = call;
  const key = `${identity.pod.uid}/${association.id}`;
  const kept = cluster.eksAuthSessions.get(key);
  if (kept !== undefined && kept.session.expiresAt > context.world.clock.now()) {
    context.trace(request).notes.push(`returned the pod's earlier session of ${kept.session.roleArn}`);
    return kept;
  }
  const { session, credentials } = openSession(call, association, longest);
  cluster.eksAuthSessions.set(key, { session, credentials });
  return { session, credentials };
}
