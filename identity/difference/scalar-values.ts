import { isIP } from 'node:net';

const between = (sorted: readonly number[]): readonly number[] => {
  const [first = 0, last = 0] = [sorted[0], sorted.at(-1)];
  return [...sorted, first - 1, last + 1, ...sorted.slice(1).map((one, index) => (one + sorted[index]!) / 2)];
};

const ascending = (numbers: readonly number[]): number[] => [...new Set(numbers)].sort((a, b) => a - b);

/** Returns a number for each interval that the expected ones bound. */
export const numbersAround = (expected: readonly string[]): readonly string[] =>
  between(ascending(expected.map(Number))).map(String);

/** Returns whole seconds. A fraction in an expected date would make more intervals than requests can distinguish. */
export const secondsAround = (milliseconds: readonly number[]): readonly number[] =>
  ascending(
    milliseconds.flatMap((one) => [Math.floor(one / 1000) - 1, Math.floor(one / 1000), Math.floor(one / 1000) + 1]),
  );

/** Returns an address for each set of addresses that the ranges distinguish: ranges are nested or apart, so their ends suffice. */
export function addressesAround(ranges: readonly string[]): readonly string[] {
  const ends = ranges.flatMap((range) => {
    const [address = '', length] = range.split('/');
    const bits = isIP(address) === 4 ? 32 : 128;
    const size = 1n << BigInt(bits - Number(length ?? bits));
    const first = (toNumber(address) / size) * size;
    return [first + size / 2n, first, first + size - 1n, first - 1n, first + size].flatMap((one) =>
      one < 0n || one >= 1n << BigInt(bits) ? [] : toAddress(one, bits),
    );
  });
  return [...new Set([...ends, '198.51.100.7', '2001:db8:7::7'])];
}

function toNumber(address: string): bigint {
  if (isIP(address) === 4) return address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const text = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = text.split('::');
  const parts = (one = ''): string[] => one.split(':').filter((part) => part !== '');
  const missing = tail === undefined ? 0 : 8 - parts(head).length - parts(tail).length;
  const all = [...parts(head), ...Array<string>(missing).fill('0'), ...parts(tail)];
  return all.reduce((sum, part) => sum * 65_536n + BigInt(`0x${part}`), 0n);
}

function toAddress(value: bigint, bits: number): string {
  const width = bits === 32 ? 8 : 16;
  const count = bits === 32 ? 4 : 8;
  const parts = Array.from({ length: count }, (_, index) =>
    Number((value >> BigInt(width * (count - 1 - index))) & BigInt(2 ** width - 1)),
  );
  return parts.map((part) => part.toString(bits === 32 ? 10 : 16)).join(bits === 32 ? '.' : ':');
}
