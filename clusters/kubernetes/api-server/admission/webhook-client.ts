import { Agent, request } from 'node:https';
import { readAtMost } from '../../../../foundation/node/read-at-most.ts';
import type { Webhook } from './webhook-matching.ts';

/** The same limit as for API objects. */
const MAX_RESPONSE_BYTES = 3 * 1024 * 1024;

export class WebhookClient {
  readonly #agents = new Map<string, Agent>();

  /** Sends a review and returns the response. Throws an `Error` with Kubernetes's message. */
  async post(webhook: Webhook, review: object): Promise<unknown> {
    const { url, caBundle = '' } = webhook.clientConfig;
    if (url === undefined) throw new Error('failed to call webhook: this cluster has no service network, use a url');
    const seconds = webhook.timeoutSeconds ?? 10;
    const target = new URL(url);
    target.searchParams.set('timeout', `${seconds}s`);
    if (target.protocol !== 'https:') throw new Error('failed to call webhook: the url must begin with https://');
    const body = JSON.stringify(review);
    const answer = await this.#send(target, caBundle, body, seconds).catch((error: unknown) => {
      const cause = error instanceof Error ? error.message : 'unknown error';
      throw new Error(`failed to call webhook: Post "${target.href}": ${cause}`);
    });
    // client-go's range of successful statuses.
    if (answer.status < 200 || answer.status > 206) {
      throw new Error(`failed to call webhook: the server answered with status ${answer.status}`);
    }
    try {
      return JSON.parse(answer.body) as unknown;
    } catch {
      throw new Error('failed to call webhook: the answer is not JSON');
    }
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }

  #agent(caBundle: string): Agent {
    const cachedAgent = this.#agents.get(caBundle);
    if (cachedAgent !== undefined) return cachedAgent;
    const ca = caBundle === '' ? {} : { ca: Buffer.from(caBundle, 'base64') };
    const agent = new Agent({ keepAlive: true, ...ca });
    this.#agents.set(caBundle, agent);
    return agent;
  }

  #send(target: URL, caBundle: string, body: string, seconds: number): Promise<{ status: number; body: string }> {
    const headers = { 'content-type': 'application/json', accept: 'application/json, */*' };
    const attempt = (): Promise<{ status: number; body: string; reused: boolean }> =>
      new Promise((resolve, reject) => {
        const outgoing = request(target, {
          method: 'POST',
          agent: this.#agent(caBundle),
          headers: { ...headers, 'content-length': Buffer.byteLength(body) },
          signal: AbortSignal.timeout(seconds * 1000),
        });
        outgoing.on('error', (error: NodeJS.ErrnoException) => {
          if (error.name === 'AbortError' || error.name === 'TimeoutError')
            reject(new Error('context deadline exceeded'));
          else reject(Object.assign(error, { reused: outgoing.reusedSocket }));
        });
        outgoing.on('response', (response) => {
          readAtMost(response, MAX_RESPONSE_BYTES, () => new Error('webhook response is too large')).then(
            (body) =>
              resolve({ status: response.statusCode ?? 0, body: body.toString(), reused: outgoing.reusedSocket }),
            reject,
          );
        });
        outgoing.end(body);
      });
    // Retry if the webhook closed a kept-alive connection just before it was reused.
    return attempt().catch((error: NodeJS.ErrnoException & { reused?: boolean }) => {
      if (error.reused === true && error.code === 'ECONNRESET') return attempt();
      throw error;
    });
  }
}
