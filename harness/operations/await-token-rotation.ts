import type { ProjectedToken, RotationRequest } from '../../foundation/probe-protocol.ts';
import { LONGEST_SECONDS, number, oneOf, PROJECTED_TOKENS } from '../scenario/checks.ts';
import type { WorkloadOperation } from '../scenario/spec.ts';
import { defineOperation } from './registry.ts';

/** Waits for up to `seconds` until the kubelet has put a new token in the place of the one at the pod's start. */
export const tokenRotation = (token: ProjectedToken, seconds: number): RotationRequest & WorkloadOperation => ({
  do: 'AwaitTokenRotation',
  token,
  seconds,
});

defineOperation<RotationRequest>({
  name: 'AwaitTokenRotation',
  performedBy: 'workload',
  withoutAws: true,
  withoutIdentity: true,
  *check({ token, seconds }) {
    yield oneOf('the token of tokenRotation', token ?? null, PROJECTED_TOKENS);
    yield number('the time of tokenRotation, in seconds,', seconds ?? null, 0, LONGEST_SECONDS);
  },
  waitSeconds: ({ seconds }) => seconds,
  describe: ({ token, seconds }) => [`of the ${token} token within ${seconds} s`],
});
