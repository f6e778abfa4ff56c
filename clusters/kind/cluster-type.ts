import type { ClusterType } from '../cluster-type.ts';
import { AGENT_ARGS, AGENT_IMAGE, READY_TIMEOUT, WORKLOAD_IMAGE } from '../shared-options.ts';

/** Kubernetes in Docker. */
export const KIND: ClusterType = {
  name: 'kind',
  options: [
    {
      name: 'kind-image',
      kind: 'text',
      placeholder: 'IMAGE',
      help: 'node image (default: the kindest/node that the installed kind pins)',
    },
    AGENT_IMAGE,
    {
      name: 'webhook-image',
      kind: 'text',
      placeholder: 'IMAGE',
      help: 'image of the Pod Identity webhook (default: the reference webhook)',
    },
    WORKLOAD_IMAGE,
    {
      name: 'image-base',
      kind: 'text',
      placeholder: 'IMAGE',
      help: 'what the reference images are built from (see docs/kind.md)',
    },
    AGENT_ARGS,
    {
      name: 'kubeconfig',
      kind: 'text',
      placeholder: 'FILE',
      help: 'use the cluster of this kubeconfig instead of making one, and leave it as it was',
    },
    {
      name: 'context',
      kind: 'text',
      placeholder: 'NAME',
      help: 'use the cluster of this context (of --kubeconfig, KUBECONFIG or ~/.kube/config)',
    },
    READY_TIMEOUT,
  ],
  aws: 'emulator',
};
