import { randomString } from '../core/random.ts';
import type { World } from '../world/world.ts';

const LOWER_CASE = 'abcdefghijklmnopqrstuvwxyz0123456789';
const HEXADECIMAL = '0123456789abcdef';

/** Returns the prefix, a hyphen and 17 letters and digits. EC2's ids are hexadecimal. */
export function newId(world: World, prefix: 'a' | 'i'): string {
  return `${prefix}-${characters(world, prefix === 'a' ? LOWER_CASE : HEXADECIMAL, 17)}`;
}

/** `https://oidc.eks.<region>.amazonaws.com/id/<32 upper-case hexadecimal digits>` */
export function newIssuer(world: World): string {
  return `https://oidc.eks.${world.region}.amazonaws.com/id/${characters(world, HEXADECIMAL, 32).toUpperCase()}`;
}

/** Returns a random UUID (version 4) from the world's seed. */
export function newUuid(world: World): string {
  const digits = characters(world, HEXADECIMAL, 30);
  const variant = characters(world, '89ab', 1);
  const all = `${digits.slice(0, 12)}4${digits.slice(12, 15)}${variant}${digits.slice(15)}`;
  return all.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** Returns the ARN of an EKS resource: `arn:aws:eks:<region>:<account>:<resource>`. */
export function eksArn(world: World, accountId: string, resource: string): string {
  return `arn:${world.partition}:eks:${world.region}:${accountId}:${resource}`;
}

function characters(world: World, alphabet: string, length: number): string {
  return randomString(world.random, length, alphabet);
}
