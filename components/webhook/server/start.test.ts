import { expect } from 'chai';
import { once } from 'node:events';
import { Agent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { setTimeout } from 'node:timers/promises';
import { startWebhook, type RunningWebhook, type WebhookOptions } from '../index.ts';
import { certificate } from '../../../test/support/certificate.ts';

const APP = { annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::111122223333:role/app' } };
const OPTIONS: WebhookOptions = {
  serviceAccounts: { get: (namespace, name) => (namespace === 'ns' && name === 'irsa' ? APP : undefined) },
  identities: [{ namespace: 'ns', serviceAccount: 'pi' }],
};

const review = (serviceAccountName: string, apiVersion = 'admission.k8s.io/v1'): string =>
  JSON.stringify({
    kind: 'AdmissionReview',
    apiVersion,
    request: {
      uid: 'uid-1',
      namespace: 'ns',
      object: {
        metadata: { name: 'p', namespace: 'other' },
        spec: { serviceAccountName, containers: [{ name: 'app' }] },
      },
    },
  });

describe('the webhook over HTTP', () => {
  const lines: string[] = [];
  let webhook: RunningWebhook;
  before(async () => {
    webhook = await startWebhook({ ...OPTIONS, log: (line) => lines.push(line) });
  });
  after(() => webhook.stop());

  const post = (body: string, contentType = 'application/json', path = '/mutate'): Promise<Response> =>
    fetch(`${webhook.url}${path}`, { method: 'POST', headers: { 'content-type': contentType }, body });
  const answered = async (body: string): Promise<Record<string, unknown>> =>
    (await (await post(body)).json()) as Record<string, unknown>;

  it("repeats version, kind and uid, and uses the request's namespace", async () => {
    for (const apiVersion of ['admission.k8s.io/v1', 'admission.k8s.io/v1beta1']) {
      const answer = await answered(review('pi', apiVersion));
      expect(answer).to.include({ kind: 'AdmissionReview', apiVersion });
      expect(answer['response']).to.include({ uid: 'uid-1', allowed: true, patchType: 'JSONPatch' });
    }
  });

  it('allows a pod without an identity, and does not patch it', async () => {
    expect((await answered(review('nobody')))['response']).to.deep.equal({ uid: 'uid-1', allowed: true });
  });

  const bodies: readonly (readonly [body: string, message: string])[] = [
    ['', 'bad content'],
    ['null', 'bad content'],
    ['{"kind":"AdmissionReview"}', 'bad content'],
    ['{"request":{}}', 'unexpected end of JSON input'],
    ['{"request":{"object":null}}', 'unexpected end of JSON input'],
    ['{', "couldn't get version/kind; json parse error: unexpected end of JSON input"],
    [
      '{"kind":5}',
      "couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .kind of type string",
    ],
    [
      '[]',
      'couldn\'t get version/kind; json parse error: json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }',
    ],
    ['{"apiVersion":"a/b/c"}', 'unexpected GroupVersion string: a/b/c'],
    [
      '{"request":"x"}',
      'json: cannot unmarshal string into Go struct field AdmissionReview.request of type v1.AdmissionRequest',
    ],
    ['{"request":{"object":"x"}}', 'json: cannot unmarshal string into Go value of type v1.Pod'],
  ];
  for (const [body, message] of bodies) {
    it(`does not allow ${JSON.stringify(body)}`, async () => {
      expect((await answered(body))['response']).to.deep.equal({
        uid: '',
        allowed: false,
        status: { metadata: {}, message },
      });
    });
  }

  const requests: readonly (readonly [what: string, send: () => Promise<Response>, status: number, body: string])[] = [
    [
      'a content type with a parameter',
      () => post('{}', 'application/json; charset=utf-8'),
      415,
      'Invalid Content-Type, expected `application/json`\n',
    ],
    [
      'another content type',
      () => post('{}', 'text/plain'),
      415,
      'Invalid Content-Type, expected `application/json`\n',
    ],
    ['a malformed content type', () => post('{}', 'a/b/c'), 400, '{"error": "error parsing form"}\n'],
    [
      'a malformed query',
      () => post('{}', 'application/json', '/mutate?a=1;b=2'),
      400,
      '{"error": "error parsing form"}\n',
    ],
    ['GET /mutate', () => fetch(`${webhook.url}/mutate`), 415, 'Invalid Content-Type, expected `application/json`\n'],
    ['GET /healthz', () => fetch(`${webhook.url}/healthz`), 200, 'ok'],
    ['POST /healthz', () => post('x', 'text/plain', '/healthz'), 200, 'ok'],
    ['another path', () => fetch(`${webhook.url}/mutate/`), 404, '404 page not found\n'],
  ];
  it('keeps an idle connection like a Go server', async () => {
    const agent = new Agent({ keepAlive: true });
    const ask = async (): Promise<ClientRequest> => {
      const asked = httpRequest(`${webhook.url}/healthz`, { agent }).end();
      const [response] = (await once(asked, 'response')) as [IncomingMessage];
      await once(response.resume(), 'end');
      return asked;
    };
    await ask();
    // Longer than Node's default timeout of an idle connection: 5 seconds, or 6 in later versions.
    await setTimeout(6500);
    expect((await ask()).reusedSocket).to.equal(true);
    agent.destroy();
  });

  for (const [what, send, status, body] of requests) {
    it(`returns ${status} for ${what}`, async () => {
      const response = await send();
      expect([response.status, await response.text()]).to.deep.equal([status, body]);
    });
  }

  it('redirects to the canonical form of a path', async () => {
    const response = await fetch(`${webhook.url}//mutate?x=1`, { redirect: 'manual' });
    expect([response.status, response.headers.get('location')]).to.deep.equal([307, '/mutate?x=1']);
  });

  it('applies changed identities', async () => {
    const patched = async (): Promise<boolean> => 'patch' in ((await answered(review('late')))['response'] as object);
    expect(await patched()).to.equal(false);
    webhook.setIdentities([{ namespace: 'ns', serviceAccount: 'late' }]);
    expect(await patched()).to.equal(true);
    webhook.setIdentities(OPTIONS.identities ?? []);
    expect(await patched()).to.equal(false);
  });

  it('keeps the values of a pod out of its log', async () => {
    const secret = 'token-of-the-pod';
    await post(review('pi').replace('"name":"app"', `"name":"app","env":[{"name":"T","value":"${secret}"}]`));
    await post(`{"request":{"object":{"spec":{"containers":[{"name":5,"env":[{"value":"${secret}"}]}]}}}}`);
    expect(lines).not.to.be.empty;
    expect(lines.join('\n')).not.to.contain(secret);
  });
});

describe('a stopping webhook', () => {
  it('finishes a pending review, and then closes the connection', async () => {
    let asked: () => void = () => undefined;
    let tell: (found: typeof APP) => void = () => undefined;
    const asking = new Promise<void>((resolve) => (asked = resolve));
    const webhook = await startWebhook({
      serviceAccounts: {
        get: () => undefined,
        fetch: () => {
          asked();
          return new Promise((resolve) => (tell = resolve));
        },
      },
    });
    const headers = { 'content-type': 'application/json' };
    const answering = fetch(`${webhook.url}/mutate`, { method: 'POST', headers, body: review('late') });
    await asking;
    const stopped = webhook.stop();
    tell(APP);
    const answer = await answering;
    expect([answer.status, answer.headers.get('connection')]).to.deep.equal([200, 'close']);
    await stopped;
  });
});

describe('the webhook over TLS', () => {
  it('serves its certificate', async () => {
    const tls = await certificate('first');
    const webhook = await startWebhook({ ...OPTIONS, tls });
    try {
      expect(webhook.url).to.match(/^https:\/\/127\.0\.0\.1:\d+$/);
      expect(await health(webhook.url, tls.certificate)).to.equal('ok');
    } finally {
      await webhook.stop();
    }
  });
});

async function health(url: string, ca: string): Promise<string> {
  const sent = request(`${url}/healthz`, { ca, agent: false, checkServerIdentity: () => undefined }).end();
  const [response] = (await once(sent, 'response')) as [NodeJS.ReadableStream];
  let body = '';
  for await (const chunk of response) body += String(chunk);
  return body;
}
