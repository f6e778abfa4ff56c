import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { listen, stopServer } from '../../../foundation/node/listen.ts';

const ACCOUNT = '111122223333';
const REQUEST_ID = 'req-1';
/** Milliseconds, longer than the agent's timeout. */
const HANG = 1600;

interface StubCall {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function credentials(secondsToLive: number): string {
  return JSON.stringify({
    subject: { namespace: 'app', serviceAccount: 'reader' },
    audience: 'pods.eks.amazonaws.com',
    podIdentityAssociation: {
      associationArn: `arn:aws:eks:us-west-2:${ACCOUNT}:podidentityassociation/c1/a-1`,
      associationId: 'a-1',
    },
    assumedRoleUser: { arn: `arn:aws:sts::${ACCOUNT}:assumed-role/app/session`, assumeRoleId: 'AROAEXAMPLE:session' },
    credentials: {
      accessKeyId: 'ASIAEXAMPLE',
      secretAccessKey: 'secret',
      sessionToken: 'session-token',
      expiration: Math.floor(Date.now() / 1000) + secondsToLive,
    },
  });
}

type Behaviour = (response: ServerResponse) => void;

/** Parses descriptions such as `ok`, `ttl10`, `nocreds`, `garbage`, `hang` and `400 InvalidTokenException`. */
export function behaviourOf(words: string): Behaviour | undefined {
  const json = (status: number, body: string, headers: Record<string, string> = {}): Behaviour => {
    return (response) => {
      response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-requestid': REQUEST_ID, ...headers });
      response.end(body);
    };
  };
  if (words === 'ok') return json(200, credentials(3600));
  if (words === 'nocreds') return json(200, JSON.stringify({ audience: 'pods.eks.amazonaws.com' }));
  if (words === 'garbage') return json(200, '<html>garbage</html>');
  if (words === 'hang')
    return (response) => void setTimeout(() => json(200, credentials(3600))(response), HANG).unref();
  const secondsToLive = /^ttl(-?\d+)$/.exec(words)?.[1];
  if (secondsToLive !== undefined) return json(200, credentials(Number(secondsToLive)));
  const [, status, name] = /^(\d{3}) (\w+)$/.exec(words) ?? [];
  if (status === undefined || name === undefined) return undefined;
  return json(Number(status), JSON.stringify({ message: `the message of ${name}` }), { 'x-amzn-errortype': name });
}

/** An EKS Auth stub that answers as configured and records requests. */
export interface EksAuthStub {
  readonly url: string;
  readonly calls: StubCall[];
  behave(behaviour: Behaviour): void;
  stop(): Promise<void>;
}

export async function startEksAuthStub(): Promise<EksAuthStub> {
  const calls: StubCall[] = [];
  let current: Behaviour = (response) => response.destroy();
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      calls.push({ path: request.url ?? '', headers: request.headers, body });
      current(response);
    });
  });
  return {
    url: `http://127.0.0.1:${await listen(server)}`,
    calls,
    behave: (behaviour) => {
      current = behaviour;
    },
    stop: () => stopServer(server),
  };
}
