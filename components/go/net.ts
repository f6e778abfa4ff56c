/**
 * Host of `host:port` by the rules of Go's `net.SplitHostPort`: brackets go, an empty port is fine, an IPv6 address
 * without brackets is not.
 *
 * @returns undefined where Go returns an error
 */
export function hostOfHostPort(hostPort: string): string | undefined {
  const colon = hostPort.lastIndexOf(':');
  if (colon < 0) return undefined;
  let host: string;
  let afterOpen = 0;
  let afterClose = 0;
  if (hostPort.startsWith('[')) {
    const close = hostPort.indexOf(']');
    if (close < 0 || close + 1 !== colon) return undefined;
    host = hostPort.slice(1, close);
    afterOpen = 1;
    afterClose = close + 1;
  } else {
    host = hostPort.slice(0, colon);
    if (host.includes(':')) return undefined;
  }
  if (hostPort.indexOf('[', afterOpen) >= 0 || hostPort.indexOf(']', afterClose) >= 0) return undefined;
  return host;
}
