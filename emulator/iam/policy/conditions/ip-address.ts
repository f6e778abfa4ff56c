import { isIPv4, isIPv6 } from 'node:net';
import { constant, type ValueCompiler } from './operator.ts';

/** An address or a CIDR range, IPv4 or IPv6; the two families never match each other. */
export const ipAddress: ValueCompiler = (value) => {
  const [address = '', length, ...rest] = value.split('/');
  const network = parseIp(address);
  if (network === undefined || rest.length > 0) return undefined;
  if (length !== undefined && !/^\d{1,3}$/.test(length)) return undefined;
  const bits = length === undefined ? network.length * 8 : Number(length);
  if (bits > network.length * 8) return undefined;
  return constant(value, (actual) => {
    const bytes = parseIp(actual);
    return bytes !== undefined && bytes.length === network.length && samePrefix(bytes, network, bits);
  });
};

function samePrefix(one: readonly number[], other: readonly number[], bits: number): boolean {
  for (let index = 0; index * 8 < bits; index += 1) {
    const ignored = Math.max(0, (index + 1) * 8 - bits);
    if ((one[index] as number) >> ignored !== (other[index] as number) >> ignored) return false;
  }
  return true;
}

/** 4 or 16 bytes. An IPv4 address in IPv6 form (`::ffff:192.0.2.1`), as sockets report it, is IPv4. */
function parseIp(text: string): number[] | undefined {
  if (isIPv4(text)) return text.split('.').map(Number);
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const groups = dotted ? `${dotted[1]}${hextet(dotted[2], dotted[3])}:${hextet(dotted[4], dotted[5])}` : text;
  const [head = '', tail] = groups.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array<string>(8 - before.length - after.length).fill('0');
  const bytes = [...before, ...zeros, ...after].flatMap((group) => {
    const number = Number.parseInt(group, 16);
    return [number >> 8, number & 0xff];
  });
  const mapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  return mapped ? bytes.slice(12) : bytes;
}

function hextet(high: string | undefined, low: string | undefined): string {
  return (Number(high) * 256 + Number(low)).toString(16);
}
