/** Serves the credentials endpoint (AWS SDKs and Tools Reference Guide, "Container credential provider"). */
import type { Facts, ScriptedAnswer } from '../../../foundation/protocols/client-run.ts';
import { byScript, passOn, withoutPort, type Received, type Reply, type Script } from './endpoint.ts';
import type { Names } from './names.ts';

/** Lifetime in seconds, like the agent's. */
const LIFE = 6 * 3600;
const SOURCE = 'container';

export class Credentials {
  readonly #names: Names;
  readonly #script: Script;
  readonly #agent: URL | undefined;
  readonly #tokens: string[] = [];
  readonly #hosts = new Set<string>();
  #target = '';
  #injected = 0;

  /** @param agent URL of the pod's agent */
  constructor(names: Names, script: Script, agent: URL | undefined) {
    this.#names = names;
    this.#script = script;
    this.#agent = agent;
  }

  readonly handle = async (request: Received): Promise<Reply> => {
    this.#tokens.push(this.#names.tokenOf(request.headers.authorization));
    this.#hosts.add(withoutPort(request.headers.host));
    this.#target ||= `${request.method} ${request.target}`;
    if (request.headers['x-injected'] !== undefined) this.#injected += 1;
    const answer = this.#script.next() ?? {};
    return byScript(answer, (made) => (made.from === 'upstream' ? this.#upstream(request, made) : this.#made(made)));
  };

  facts(): Facts {
    const lastToken = this.#tokens.at(-1);
    return {
      'credentials.requests': this.#tokens.length,
      'credentials.tokens': [...new Set(this.#tokens)].join(),
      ...(lastToken !== undefined && {
        'credentials.lastToken': lastToken,
        'credentials.hosts': [...this.#hosts].join(),
        'credentials.target': this.#target,
      }),
      'credentials.injected': this.#injected,
    };
  }

  async #made({ status = 200, headers, lifeSeconds = LIFE, without = '' }: ScriptedAnswer): Promise<Reply> {
    const expires = Date.now() + lifeSeconds * 1000;
    const { id, secret, session } = this.#names.makeKey(SOURCE, without === 'Expiration' ? Infinity : expires);
    const members = { AccessKeyId: id, SecretAccessKey: secret, Token: session, Expiration: timestamp(expires) };
    return json(status, members, without, headers);
  }

  async #upstream(request: Received, { lifeSeconds, without = '', headers }: ScriptedAnswer): Promise<Reply> {
    if (this.#agent === undefined) throw new Error('the pod has no agent');
    const { host, pathname } = this.#agent;
    const answer = await passOn(this.#agent, { ...request, target: pathname }, { host });
    if (answer.status !== 200) return answer;
    const members = JSON.parse(answer.body.toString()) as Record<string, string>;
    const expiration =
      lifeSeconds === undefined ? Date.parse(members['Expiration'] ?? '') : Date.now() + lifeSeconds * 1000;
    this.#names.addKey(members['AccessKeyId'] ?? '', SOURCE, expiration);
    return json(200, { ...members, Expiration: timestamp(expiration) }, without, headers);
  }
}

const timestamp = (milliseconds: number): string => new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z');

function json(
  status: number,
  members: Readonly<Record<string, string>>,
  without: string,
  headers: ScriptedAnswer['headers'],
): Reply {
  const kept = Object.entries(members).filter(([name]) => name !== without);
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(Object.fromEntries(kept)),
  };
}
