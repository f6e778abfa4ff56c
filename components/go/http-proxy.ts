import { BlockList, isIP } from 'node:net';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Returns the proxy for a request as Go's `net/http.ProxyFromEnvironment` chooses it (`golang.org/x/net/http/httpproxy`,
 * `Config`), or undefined. Requests to localhost and loopback addresses have none. Throws an Error for an invalid URL.
 */
export function proxyFromEnvironment(env: Environment, { protocol, hostname, port }: URL): URL | undefined {
  const https = protocol === 'https:';
  const value = valueOf(env, https ? 'HTTPS_PROXY' : 'HTTP_PROXY');
  const host = unbracketed(hostname).toLowerCase();
  if (value === '' || host === 'localhost' || LOOPBACK.check(host, family(host))) return undefined;
  const excluded = valueOf(env, 'NO_PROXY').toLowerCase().split(',');
  if (excluded.some((entry) => matches(entry.trim(), host, port || (https ? '443' : '80')))) return undefined;
  const url = value.includes('://') ? value : `http://${value}`;
  if (!URL.canParse(url)) throw new Error(`invalid proxy address "${value}"`);
  return new URL(url);
}

/** Returns an IPv6 address of a URL without its brackets. */
const unbracketed = (host: string): string => host.replace(/^\[|\]$/g, '');

const valueOf = (env: Environment, name: string): string => env[name] || env[name.toLowerCase()] || '';

const family = (host: string): 'ipv4' | 'ipv6' => (isIP(host) === 6 ? 'ipv6' : 'ipv4');

function networks(...all: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of all) {
    const [address = '', prefix] = network.split('/');
    if (isIP(address) > 0 && Number(prefix) >= 0) list.addSubnet(address, Number(prefix), family(address));
  }
  return list;
}
const LOOPBACK = networks('127.0.0.0/8', '::1/128');

/** Whether an entry of NO_PROXY matches: `*`, a CIDR, an IP address, a domain with its subdomains, or `.` and subdomains. */
function matches(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  const [, name = entry, only] = /^(.+?)(?::(\d+))?$/.exec(isIP(entry) === 6 ? `[${entry}]` : entry) ?? [];
  if (entry === '' || (only !== undefined && only !== port)) return false;
  if (isIP(host) > 0) return unbracketed(name) === host || networks(name).check(host, family(host));
  const domain = name.replace(/^\*?\./, '');
  return host.endsWith(`.${domain}`) || (host === domain && domain === name);
}
