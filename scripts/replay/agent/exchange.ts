import type { RunningAgent } from '../../../components/agent/index.ts';
import type { Difference } from '../types.ts';
import { sameBody, sameText } from './compare.ts';
import type { EksAuthStub } from './eks-auth-stub.ts';
import { behaviourOf } from './eks-auth-stub.ts';
import type { RawAnswer } from './raw-http.ts';
import { send } from './raw-http.ts';
import type { Exchange } from './recording.ts';
import { fillTokens, UnknownPhrase } from './tokens.ts';

/** Recordings use the default ports, or these plus 10000. */
const PROBE_PORT = /:1?2703$/;
const METRICS_PORT = /:1?2705$/;

function serverOf(agent: RunningAgent, { name, request }: Exchange): string {
  const host = request.host ?? '';
  if (name.startsWith('probe port') || PROBE_PORT.test(host)) return agent.probeUrl;
  if (name.startsWith('metrics port') || METRICS_PORT.test(host)) return agent.metricsUrl;
  return agent.urls[0] ?? '';
}

function recordedHeaders({ response }: Exchange): [string, string | null][] {
  const headers: [string, string | null][] = Object.entries(response.headers ?? {});
  if (response.contentType !== undefined) headers.push(['content-type', response.contentType]);
  if (response.location !== undefined) headers.push(['location', response.location]);
  return headers;
}

function describe(
  status: number,
  headers: [string, string | null][],
  body: unknown,
  calls: number | undefined,
): string {
  const text = typeof body === 'string' ? JSON.stringify(body) : JSON.stringify(body ?? null);
  const named = headers.map(([name, value]) => `${name} ${value ?? '(none)'}`).join(', ');
  return `${status}, ${named}, body ${text}${calls === undefined ? '' : `, ${calls} EKS Auth calls`}`;
}

function compare(exchange: Exchange, answer: RawAnswer, calls: number): Difference | undefined {
  const { name, response, eksAuthCalls } = exchange;
  const expectedHeaders = recordedHeaders(exchange);
  const actualHeaders = expectedHeaders.map(([header]): [string, string | null] => [
    header,
    answer.headers[header.toLowerCase()]?.toString() ?? null,
  ]);
  const same =
    answer.status === response.status &&
    expectedHeaders.every(([, value], at) => {
      const actual = actualHeaders[at]?.[1] ?? null;
      return value === null || actual === null ? value === actual : sameText(value, actual);
    }) &&
    (response.body === undefined || sameBody(response.body, answer.body)) &&
    (eksAuthCalls === undefined || eksAuthCalls === calls);
  if (same) return undefined;
  return {
    name,
    expected: describe(response.status, expectedHeaders, response.body, eksAuthCalls),
    actual: describe(answer.status, actualHeaders, answer.body, calls),
  };
}

export class ExchangeReplay {
  readonly #agent: RunningAgent;
  readonly #stub: EksAuthStub;
  /** The header that was last sent, by recorded header. */
  readonly #sent = new Map<string, string>();

  constructor(agent: RunningAgent, stub: EksAuthStub) {
    this.#agent = agent;
    this.#stub = stub;
  }

  /** Returns the header to send. A success without a call came from the cache, so it needs the same token again. */
  #authorization(recorded: string, exchange: Exchange): string {
    const cached = exchange.response.status === 200 && exchange.eksAuthCalls === 0;
    const again = cached ? this.#sent.get(recorded) : undefined;
    const text = again ?? fillTokens(recorded);
    this.#sent.set(recorded, text);
    return text;
  }

  /** Replays an exchange. Returns undefined if the answer is equal. */
  async replay(exchange: Exchange): Promise<Difference | undefined> {
    const { name, request, response, eksAuthCalls } = exchange;
    const impossible = (why: string): Difference => ({
      name,
      expected: describe(response.status, recordedHeaders(exchange), response.body, eksAuthCalls),
      actual: why,
    });
    const behaviour = behaviourOf(exchange.eksAuth);
    if (behaviour === undefined) return impossible(`the EKS Auth stub does not support "${exchange.eksAuth}"`);
    const headers: [string, string][] = request.host === null ? [] : [['Host', request.host]];
    try {
      for (const value of [request.authorization].flat()) {
        if (value !== null) headers.push(['Authorization', this.#authorization(value, exchange)]);
      }
    } catch (error) {
      if (error instanceof UnknownPhrase)
        return impossible(`the request contains the unknown placeholder "<${error.message}>"`);
      throw error;
    }
    this.#stub.behave(behaviour);
    const before = this.#stub.calls.length;
    const answer = await send(serverOf(this.#agent, exchange), request.method, request.path, headers);
    if (answer === undefined) return impossible('the connection closed without an answer');
    return compare(exchange, answer, this.#stub.calls.length - before);
  }
}
