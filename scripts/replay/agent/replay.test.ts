import { expect } from 'chai';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { HarnessError } from '../../../foundation/node/errors.ts';
import type { AgentRecording, Exchange } from './recording.ts';
import { replayAgent } from './replay.ts';

const FIXTURE = new URL('../../../test/fixtures/observed/agent.json', import.meta.url);
const MAIN = fileURLToPath(new URL('../../../components/agent/main.ts', import.meta.url));

describe('replayAgent', () => {
  let recording: AgentRecording;

  before(async () => {
    recording = JSON.parse(await readFile(FIXTURE, 'utf8')) as AgentRecording;
  });

  const exchange = (name: string): Exchange => recording.exchanges.find((candidate) => candidate.name === name)!;

  it("finds no difference from the real agent's recording", async () => {
    const result = await replayAgent(recording, { agentProgram: [process.execPath, '--import', 'tsx', MAIN] });
    expect(result.differences).to.eql([]);
    expect(result.compared).to.equal(recording.exchanges.length + 5);
  });

  const altered: [what: string, name: string, alter: (exchange: Exchange) => Exchange][] = [
    ['the status', 'valid token', (e) => ({ ...e, response: { ...e.response, status: 201 } })],
    ['the content type', 'expired token', (e) => ({ ...e, response: { ...e.response, contentType: 'text/html' } })],
    ['the body', 'expired token', (e) => ({ ...e, response: { ...e.response, body: 'token is expired\n' } })],
    ['the order of members', 'valid token', (e) => ({ ...e, response: { ...e.response, body: reversed(e) } })],
    ['the number of EKS Auth calls', 'valid token', (e) => ({ ...e, eksAuthCalls: 2 })],
    ['the token', 'valid token', (e) => ({ ...e, request: { ...e.request, authorization: '<mystery>' } })],
    ["EKS Auth's answer", 'valid token', (e) => ({ ...e, eksAuth: 'sulks' })],
  ];
  for (const [what, name, alter] of altered) {
    it(`reports a change of ${what}`, async () => {
      const { differences } = await replayAgent({ exchanges: [alter(exchange(name))] });
      expect(differences.map((difference) => difference.name)).to.eql([name]);
    });
  }

  function reversed({ response }: Exchange): unknown {
    return Object.fromEntries(Object.entries(response.body as object).reverse());
  }

  it('reports changes of facts other than exchanges', async () => {
    const { differences } = await replayAgent({
      exchanges: [exchange('valid token')],
      eksAuthRequest: { ...recording.eksAuthRequest, 'content-type': 'text/plain' },
      singleFlight: { concurrent: 5, statuses: [200], eksAuthCalls: 5 },
      metrics: ['# TYPE pod_identity_cache_state gauge', 'pod_identity_http_response{code="200"} 0'],
    });
    expect(new Set(differences.map(({ name }) => name))).to.eql(
      new Set(['eksAuthRequest content-type', 'singleFlight', 'metrics']),
    );
  });

  for (const [what, value] of [
    ['exchanges that are not a list', { exchanges: {} }],
    ['an exchange without a response', { exchanges: [{ name: 'x', eksAuth: 'ok', request: { method: 'GET' } }] }],
    ['a metric that is not a string', { exchanges: [], metrics: [1] }],
  ] as const) {
    it(`rejects ${what}`, async () => {
      const failure = await replayAgent(value).catch((error: unknown) => error);
      expect(failure).to.be.instanceOf(HarnessError);
    });
  }
});
