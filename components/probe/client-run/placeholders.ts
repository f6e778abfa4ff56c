/** The placeholders of a client's run (foundation/protocols/client-run.ts). */
import { readFileSync } from 'node:fs';
import type { Names } from './names.ts';

const AGENT_IPV4 = 'http://169.254.170.23';
const AGENT_IPV6 = 'http://[fd00:ec2::23]';
/** An address reserved for documentation (RFC 5737). */
export const ELSEWHERE = '192.0.2.23';
/** Addresses and host names that nearly equal those that may receive a token. They lead to the same host. */
export const NEAR_ADDRESSES = ['169.254.170.20', '169.254.170.230', '2001:db8::1', 'fd00:ec2::231'];
export const NEAR_NAMES = ['169.254.170.2', '169.254.170.23', '127.0.0.1', 'localhost'].map(
  (host) => `${host}.example.com`,
);
const HANDED = ['environment', 'profile'] as const;

export type Environment = Readonly<Record<string, string | undefined>>;

/** Returns the placeholders' values. `port` returns the port of a named endpoint. */
export function placeholders(
  names: Names,
  folder: string,
  pod: Environment,
  port: (name: string) => number,
): ReadonlyMap<string, string> {
  const token = podToken(pod);
  names.addToken(token, 'first');
  const values = new Map(
    ['credentials', 'metadata', 'proxy', 'aws'].map((name) => [name, `http://127.0.0.1:${port(name)}`]),
  );
  values.set('elsewhere', `http://localhost:${port('elsewhere')}`);
  values.set('elsewhere-address', `http://${ELSEWHERE}`);
  values.set('agent-ipv4', AGENT_IPV4).set('agent-ipv6', AGENT_IPV6).set('files', folder).set('token', token);
  for (const name of ['second', 'environment']) values.set(`${name}-token`, names.makeToken(name));
  for (const source of HANDED) {
    const { id, secret, session } = names.makeKey(source, Infinity);
    values.set(`${source}-key-id`, id).set(`${source}-secret`, secret).set(`${source}-session`, session);
  }
  return values;
}

function podToken(pod: Environment): string {
  const file = pod['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'] ?? pod['AWS_WEB_IDENTITY_TOKEN_FILE'];
  return file === undefined ? '' : readFileSync(file, 'utf8').trim();
}

export function expand<T>(value: T, placeholderValues: ReadonlyMap<string, string>): T {
  const text = (part: string): string =>
    part.replace(/\{([\w-]+)\}/g, (whole, name: string) => placeholderValues.get(name) ?? whole);
  const walk = (part: unknown): unknown => {
    if (typeof part === 'string') return text(part);
    if (Array.isArray(part)) return part.map(walk);
    if (typeof part !== 'object' || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([name, inner]) => [name, walk(inner)]));
  };
  return walk(value) as T;
}

/** Returns the default environment, with AWS, the credentials endpoint and instance metadata. */
export function defaults(pod: Environment, asInPod: boolean): Readonly<Record<string, string | null>> {
  const has = (name: string): boolean => pod[name] !== undefined;
  const endpoints = Object.keys(pod).filter((name) => name.startsWith('AWS_ENDPOINT_URL_'));
  return {
    // The AWS CLI caches sessions in HOME.
    HOME: '{files}',
    ...Object.fromEntries(['AWS_ENDPOINT_URL', ...endpoints].map((name) => [name, '{aws}'])),
    AWS_EC2_METADATA_SERVICE_ENDPOINT: asInPod ? null : '{metadata}',
    ...(has('AWS_CONTAINER_CREDENTIALS_FULL_URI') && {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${asInPod ? '{agent-ipv4}' : '{credentials}'}/v1/credentials`,
    }),
  };
}
