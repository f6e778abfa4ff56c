import type { PlannedClient } from '../../../foundation/protocols/probe-protocol.ts';
import { stsOfPod } from './sts-by-tls.ts';
import { inOwnNetwork, LOCALHOST, rightsHere, Egress, type Relayed } from './network.ts';

const LOOPBACK = /^https?:\/\/(?:127\.0\.0\.1|localhost)(?::|\/|$)/;

/**
 * Runs the client in its own network, if this machine allows it and runs the AWS. Otherwise clients that ignore their
 * environment would reach this machine's instance metadata.
 */
export async function inPodNetwork(planned: PlannedClient): Promise<PlannedClient> {
  const rights = rightsHere();
  const endpoints = Object.entries(process.env).filter(([name]) => name.startsWith('AWS_ENDPOINT_URL'));
  const isHere = endpoints.length > 0 && endpoints.every(([, url = '']) => LOOPBACK.test(url));
  if (rights === undefined || !isHere) return planned;
  const { AWS_EC2_METADATA_DISABLED: disabled, AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata } = process.env;
  const relayed = [
    ...at(['169.254.170.23'], process.env['PROBE_AGENT_URI']),
    ...at(['fd00:ec2::23'], process.env['PROBE_AGENT_IPV6_URI']),
    ...(disabled === 'true' ? [] : at(['169.254.169.254', 'fd00:ec2::254'], metadata)),
  ];
  const out = await Egress.open(process.cwd());
  const sts = planned.asksStsByTls ? await stsOfPod(process.env['AWS_REGION'] ?? '', process.cwd()) : undefined;
  const network = {
    rights,
    out,
    hosts: LOCALHOST,
    ...sts?.network,
    relayed: [...relayed, ...(sts?.network.relayed ?? [])],
  };
  return { ...planned, ...inOwnNetwork(planned, { ...sts?.environment }, network) };
}

/** Relays port 80 of these addresses to the loopback port of a URL. */
const at = (hosts: readonly string[], url: string | undefined): Relayed[] =>
  url === undefined ? [] : hosts.map((host) => ({ host, port: 80, to: Number(new URL(url).port) }));
