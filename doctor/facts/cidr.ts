import { BlockList, isIPv6 } from 'node:net';

/** Whether a range such as `169.254.0.0/16` contains an address. A range that is not one contains nothing. */
export function isInRange(address: string, range: string): boolean {
  const [network = '', prefix] = range.split('/');
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  try {
    list.addSubnet(network, prefix === undefined ? (family === 'ipv6' ? 128 : 32) : Number(prefix), family);
  } catch {
    return false;
  }
  return list.check(address, family);
}
