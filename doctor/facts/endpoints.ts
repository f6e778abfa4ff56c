import { decideWithin } from '../../identity/decide-within.ts';
import type { Question } from '../../identity/question.ts';
import type { ClusterFacts } from './cluster-facts.ts';

/**
 * Returns the available VPC endpoints of a request's service whose policy does not allow the request. It decides only if the request
 * passes the endpoint, which routes and DNS decide (AWS PrivateLink Guide, "Control access to VPC endpoints using endpoint policies").
 */
export function endpointDenials(
  { snapshot }: ClusterFacts,
  question: Omit<Question, 'stage'>,
): readonly { readonly id: string; readonly value: 'denied' | 'unknown' }[] {
  const [service = ''] = question.action.toLowerCase().split(':');
  return (snapshot.aws?.vpcEndpoints ?? []).flatMap(({ id, serviceName, state, policy: text }) => {
    if (text === undefined || state !== 'available' || !serviceName.split('.').includes(service)) return [];
    // Within one account, a policy that allows the session is enough, so that it decides alone.
    const { value } = decideWithin({ ...question, unknown: { ...question.unknown, [`${service}:`]: '' } }, [
      { kind: 'resource', name: `policy of VPC endpoint ${id}`, text },
    ]);
    return value === 'allowed' ? [] : [{ id, value }];
  });
}
