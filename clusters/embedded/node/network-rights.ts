import { spawnSync } from 'node:child_process';
import { UNSHARE, type NetworkRights } from '../../../foundation/protocols/client-run.ts';

/** Adds the agent's two addresses and replaces /etc/hosts. */
const SET_UP = 'mount --bind /etc/hosts /etc/hosts && ip -batch -';
const ADDRESSES = `link set lo up
address add 169.254.170.23/32 dev lo
address add fd00:ec2::23/128 dev lo nodad
`;

let cachedRights: NetworkRights | 'nobody' | undefined;

/** Returns who may create networks on this host; undefined if nobody may, or tools are missing. Checked only once. */
export function networkRights(): NetworkRights | undefined {
  cachedRights ??= (['root', 'user'] as const).find(mayMakeOne) ?? 'nobody';
  return cachedRights === 'nobody' ? undefined : cachedRights;
}

function mayMakeOne(rights: NetworkRights): boolean {
  const [program, ...args] = UNSHARE[rights];
  return spawnSync(program, [...args, 'sh', '-c', SET_UP], { input: ADDRESSES, timeout: 5000 }).status === 0;
}
