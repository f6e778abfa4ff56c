import { TRANSLATIONS } from '../../kubernetes/index.ts';
import type { NodeOptions, Translation } from '../../kubernetes/index.ts';
import { NETWORK_RIGHTS } from '../../../foundation/protocols/client-run.ts';
import { networkRights } from './network-rights.ts';

/** URLs such as `http://127.0.0.1:<port>` that replace a node's link-local addresses. */
interface LinkLocalEndpoints {
  readonly agentV4: string;
  readonly agentV6: string;
  readonly instanceMetadata: string;
}

const ADDRESSES: readonly { readonly inPod: string; readonly endpoint: keyof LinkLocalEndpoints }[] = [
  { inPod: 'http://169.254.170.23', endpoint: 'agentV4' },
  { inPod: 'http://[fd00:ec2::23]', endpoint: 'agentV6' },
  { inPod: 'http://169.254.169.254', endpoint: 'instanceMetadata' },
  { inPod: 'http://[fd00:ec2::254]', endpoint: 'instanceMetadata' },
];

/** AWS SDKs use its value instead of their constant metadata address. */
const METADATA_ENDPOINT = 'AWS_EC2_METADATA_SERVICE_ENDPOINT';

export function translatedAddresses(
  endpoints: LinkLocalEndpoints,
): Required<Pick<NodeOptions, 'addresses' | 'environment'>> {
  const rights = networkRights();
  return {
    addresses: ADDRESSES.map(({ inPod, endpoint }) => ({ inPod, here: endpoints[endpoint] })),
    environment: {
      [METADATA_ENDPOINT]: endpoints.instanceMetadata,
      ...(rights !== undefined && { [NETWORK_RIGHTS]: rights }),
    },
  };
}

const [PATHS, ...OTHERS] = TRANSLATIONS;

/** Differences from a real cluster that pods can see. */
export const TRANSLATION: readonly Translation[] = [
  ...(PATHS === undefined ? [] : [PATHS]),
  ...ADDRESSES.map(({ inPod, endpoint }) => ({
    inPod,
    here:
      endpoint === 'instanceMetadata'
        ? "a loopback port of the node's instance metadata service (IMDSv2 only)"
        : 'a loopback port of the node that forwards requests to the agent with the link-local Host; without an agent the connection is refused',
  })),
  {
    inPod: `${METADATA_ENDPOINT} is not set`,
    here: "it is set to the loopback port of the node's instance metadata service, unless the pod sets it",
  },
  ...OTHERS,
];
