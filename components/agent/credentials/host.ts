/** The link-local addresses of the agent: the only hosts a request may name, whatever address the agent listens on. */
export const TARGET_HOSTS = ['169.254.170.23', 'fd00:ec2::23'] as const;

/**
 * `host:port` by the rules of Go's `net.SplitHostPort`: brackets go, an empty port is fine, an IPv6 address without brackets
 * is not.
 */
const HOST_PORT = /^(?:\[([^[\]]*)\]|([^:[\]]*)):[^:[\]]*$/;

/**
 * The host that a request is aimed at: port and brackets of its Host header removed.
 *
 * @see https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html
 */
export function targetHost(hostHeader: string): string {
  const [, bracketed, plain] = HOST_PORT.exec(hostHeader) ?? [];
  const host = bracketed ?? plain ?? hostHeader;
  return host.length > 1 && host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}

/** @returns why the request is refused; undefined if it is not */
export function hostRefusal(hostHeader: string): string | undefined {
  const host = targetHost(hostHeader);
  if (TARGET_HOSTS.some((target) => target === host)) return undefined;
  return `Access Denied. Called agent through invalid address, please use either [${TARGET_HOSTS.join(' ')}] address not ${host}`;
}
