/** Observes hosts that must not receive a token: an HTTP proxy, and another host. */
import type { Facts } from '../../../foundation/protocols/client-run.ts';
import { passOn, withoutPort, type Received, type Reply } from './endpoint.ts';
import type { Names } from './names.ts';

export function observedHost(name: string, names: Names, answer: (request: Received) => Promise<Reply>) {
  const tokens = new Set<string>();
  const hosts = new Set<string>();
  let [requests, connections] = [0, 0];
  const asked = (host: string): void => {
    requests += 1;
    hosts.add(host);
  };
  return {
    handle: async (request: Received): Promise<Reply> => {
      const { target, rawHeaders, body } = request;
      asked(hostOf(request));
      const token = names.tokenIn([target, ...rawHeaders, body.toString()].join('\n'));
      if (token !== undefined) tokens.add(token);
      return answer(request);
    },
    /** Records a connection, or the host of a CONNECT request. */
    connected: (host?: string): void => {
      if (host === undefined) connections += 1;
      else asked(host);
    },
    facts: (): Facts => {
      const [tokenList, hostList] = [tokens, hosts].map((set) => [...set].join());
      return {
        [`${name}.requests`]: requests,
        [`${name}.connections`]: connections,
        ...(tokenList && { [`${name}.tokens`]: tokenList }),
        ...(hostList && { [`${name}.hosts`]: hostList }),
      };
    },
  };
}

const hostOf = ({ target, headers }: Received): string =>
  URL.canParse(target) ? new URL(target).hostname : withoutPort(headers.host);

/** Relays a proxy's request (RFC 9112, 3.2.2, absolute-form). `reachable` maps its target to a local URL. */
export async function throughProxy(request: Received, reachable: (url: URL) => URL | undefined): Promise<Reply> {
  if (!URL.canParse(request.target)) return { status: 400, body: 'a proxy requires an absolute URL' };
  const url = new URL(request.target);
  const to = reachable(url);
  if (to === undefined) return { status: 502, body: `${url.hostname} cannot be reached` };
  return passOn(to, { ...request, target: url.pathname + url.search });
}
