/** Serves STS at its real names with TLS in a client's network, for clients that call no other endpoint. */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { stsEndpoint } from '../sts-endpoint.ts';
import { Endpoint, passOn } from './endpoint.ts';
import { Lateness } from '../../../foundation/node/lateness.ts';
import { LOCALHOST, type OwnNetwork } from './network.ts';

/** Addresses reserved for documentation (RFC 5737), by their names in a run's facts. */
export const STS_ADDRESSES = { 'sts.regional': '192.0.2.61', 'sts.global': '192.0.2.62' } as const;

const namesOfSts = (region: string) => [`sts.${region}.amazonaws.com`, 'sts.amazonaws.com'] as const;

/** Returns the host names of a client's own network, in the format of /etc/hosts. */
export function hostsWithSts(region: string): string {
  const [regional, global] = namesOfSts(region);
  return `${LOCALHOST}${STS_ADDRESSES['sts.regional']} ${regional}\n${STS_ADDRESSES['sts.global']} ${global}\n`;
}

/** Creates a certificate for STS's names, and a file with its authority for clients. */
export async function certifiedSts(region: string, folder: string) {
  const { newCertificateAuthority } = await import('../certificates.ts');
  const authority = await newCertificateAuthority();
  const file = resolve(folder, 'authorities.pem');
  writeFileSync(file, authority.certificate);
  const { certificate: cert, key } = await authority.issue(namesOfSts(region));
  return {
    tls: { cert, key },
    file,
    /** Variables that make clients trust the authority. */
    environment: { AWS_CA_BUNDLE: file, SSL_CERT_FILE: file, NODE_EXTRA_CA_CERTS: file },
  };
}

/** Relays the addresses of STS in a client's own network to the pod's STS. */
export async function stsOfPod(region: string, folder: string) {
  const { tls, file, environment } = await certifiedSts(region, folder);
  const sts = stsEndpoint(process.env);
  const { port } = await Endpoint.open((request) => passOn(sts, request, { host: sts.host }), new Lateness(), { tls });
  const relayed = Object.values(STS_ADDRESSES).map((host) => ({ host, port: 443, to: port }));
  const network = { relayed, hosts: hostsWithSts(region), authorities: file } satisfies Partial<OwnNetwork>;
  return { network, environment };
}
