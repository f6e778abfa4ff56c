import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { constant, type ValueCompiler } from './operator.ts';

/** An address or a CIDR range, IPv4 or IPv6; the two families never match each other. */
export const ipAddress: ValueCompiler = (value) => {
  const [address = '', length, ...rest] = value.split('/');
  const network = plainAddress(address);
  if (network === undefined || rest.length > 0 || !/^\d{1,3}$/.test(length ?? '0')) return undefined;
  const most = isIPv4(network) ? 32 : 128;
  const bits = Number(length ?? most);
  if (bits > most) return undefined;
  const family = isIPv4(network) ? 'ipv4' : 'ipv6';
  const range = new BlockList();
  range.addSubnet(network, bits, family);
  return constant(value, (actual) => {
    const ip = plainAddress(actual);
    return ip !== undefined && isIPv4(ip) === isIPv4(network) && range.check(ip, family);
  });
};

/** An IPv4 address in IPv6 form (`::ffff:192.0.2.1`), as sockets report it, is IPv4. Undefined for what is no address. */
function plainAddress(text: string): string | undefined {
  if (isIPv4(text)) return text;
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const mapped = /^\[::ffff:(\w+):(\w+)\]$/.exec(new URL(`http://[${text}]`).hostname)?.slice(1);
  const bytes = mapped?.map((group) => Number.parseInt(group, 16)).flatMap((number) => [number >> 8, number & 0xff]);
  return bytes?.join('.') ?? text;
}
