import { TRANSLATIONS } from '../../kubernetes/index.ts';
import type { NodeOptions, Translation } from '../../kubernetes/index.ts';
import { NETWORK_RIGHTS } from '../../../foundation/protocols/client-run.ts';
import { networkRights } from '../network-rights.ts';

/** `http://127.0.0.1:<port>` of a node's replacements for link-local addresses. */
export interface LinkLocalEndpoints {
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

/** AWS SDKs read it instead of their constant metadata address. */
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

/** Visible differences from a real cluster's pod. */
export const TRANSLATION: readonly Translation[] = [
  ...(PATHS === undefined ? [] : [PATHS]),
  ...ADDRESSES.map(({ inPod, endpoint }) => ({
    inPod,
    here:
      endpoint === 'instanceMetadata'
        ? "a loopback port of the node's instance metadata service (IMDSv2 only)"
        : 'a loopback port of the node that hands requests to the agent with the link-local Host; without an agent the connection is refused',
  })),
  {
    inPod: `${METADATA_ENDPOINT} is not set`,
    here: "it is set to the loopback port of the node's instance metadata service, unless the pod sets it",
  },
  ...OTHERS,
];
