/** Observes hosts that must not receive a token: an HTTP proxy, and another host. */
import type { Facts } from '../../../foundation/protocols/client-run.ts';
import { passOn, withoutPort, type Received, type Reply } from './endpoint.ts';
import type { Names } from './names.ts';

export class ObservedHost {
  readonly #name: string;
  readonly #names: Names;
  readonly #answer: (request: Received) => Promise<Reply>;
  readonly #tokens = new Set<string>();
  readonly #hosts = new Set<string>();
  #requests = 0;
  #connections = 0;

  constructor(name: string, names: Names, answer: (request: Received) => Promise<Reply>) {
    this.#name = name;
    this.#names = names;
    this.#answer = answer;
  }

  readonly handle = async (request: Received): Promise<Reply> => {
    const { target, rawHeaders, body } = request;
    this.#asked(hostOf(request));
    const token = this.#names.tokenIn([target, ...rawHeaders, body.toString()].join('\n'));
    if (token !== undefined) this.#tokens.add(token);
    return this.#answer(request);
  };

  /** Records a connection, or the host of a CONNECT request. */
  readonly connected = (host?: string): void => {
    if (host === undefined) this.#connections += 1;
    else this.#asked(host);
  };

  #asked(host: string): void {
    this.#requests += 1;
    this.#hosts.add(host);
  }

  facts(): Facts {
    const [tokens, hosts] = [this.#tokens, this.#hosts].map((set) => [...set].join());
    return {
      [`${this.#name}.requests`]: this.#requests,
      [`${this.#name}.connections`]: this.#connections,
      ...(tokens && { [`${this.#name}.tokens`]: tokens }),
      ...(hosts && { [`${this.#name}.hosts`]: hosts }),
    };
  }
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
