import { BlockList, isIP } from 'node:net';
import { constant, type ValueCompiler } from './operator.ts';

/** Matches an IPv4 or IPv6 address or CIDR range. IPv4 and IPv6 never match each other. */
export const ipAddress: ValueCompiler = (value) => {
  const [, address = '', length] = /^([\da-f.:]+)(?:\/(\d{1,3}))?$/i.exec(value) ?? [];
  const version = isIP(address);
  if (version === 0) return undefined;
  const most = version === 4 ? 32 : 128;
  const bits = Number(length ?? most);
  if (bits > most) return undefined;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const range = new BlockList();
  range.addSubnet(address, bits, family);
  return constant(value, (actual) => isIP(actual) === version && range.check(actual, family));
};
