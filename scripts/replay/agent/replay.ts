import type { RunningAgent } from '../../../components/agent/index.ts';
import { startAgent } from '../../../components/agent/index.ts';
import type { Difference, ReplayResult } from '../types.ts';
import type { EksAuthStub } from './eks-auth-stub.ts';
import { behaviourOf, startEksAuthStub } from './eks-auth-stub.ts';
import { ExchangeReplay } from './exchange.ts';
import { compareMetrics } from './metrics.ts';
import { exitCodeAfterSigterm } from './program.ts';
import { burst, send } from './raw-http.ts';
import type { AgentRecording } from './recording.ts';
import { readAgentRecording } from './recording.ts';
import { tokenOf } from './tokens.ts';

const HOST = '169.254.170.23';
const CREDENTIALS = '/v1/credentials';

interface AgentReplayOptions {
  /** Command that starts the agent. If omitted, its exit code is not compared. */
  readonly agentProgram?: readonly string[];
}

function differs(name: string, expected: unknown, actual: unknown): Difference[] {
  const [wanted, actualText] = [JSON.stringify(expected), JSON.stringify(actual)];
  return wanted === actualText ? [] : [{ name, expected: wanted, actual: actualText }];
}

/** Starts the agent on one host, with cluster, region and access key of the recorded request. */
function startRecordedAgent(recording: AgentRecording, endpoint: string): Promise<RunningAgent> {
  const { path = '', authorization = '' } = recording.eksAuthRequest ?? {};
  const [, accessKeyId = 'AKIAEXAMPLE', region = 'us-west-2'] =
    /Credential=(\w+)\/\w+\/([\w-]+)\//.exec(authorization) ?? [];
  return startAgent({
    clusterName: /^\/clusters\/([^/]+)\//.exec(path)?.[1] ?? 'c1',
    region,
    endpoint,
    credentials: () => Promise.resolve({ accessKeyId, secretAccessKey: 'secret' }),
    bindHosts: ['127.0.0.1'],
    port: 0,
    probePort: 0,
    metricsAddress: '127.0.0.1',
    metricsPort: 0,
  });
}

function compareRequest(recording: AgentRecording, stub: EksAuthStub): Difference[] {
  const wanted = recording.eksAuthRequest ?? {};
  const call = stub.calls.at(-1);
  if (call === undefined) return differs('eksAuthRequest', wanted, 'EKS Auth was not called');
  const differences: Difference[] = [];
  const { authorization = '' } = call.headers;
  if (wanted.authorization !== undefined) {
    // Recordings omit the signature at the end.
    const signed = authorization.replace(/\/\d{8}\//, '/YYYYMMDD/').slice(0, wanted.authorization.length);
    differences.push(...differs('eksAuthRequest authorization', wanted.authorization, signed));
  }
  if (wanted.path !== undefined) differences.push(...differs('eksAuthRequest path', wanted.path, call.path));
  if (wanted['content-type'] !== undefined) {
    differences.push(...differs('eksAuthRequest content-type', wanted['content-type'], call.headers['content-type']));
  }
  if (wanted['body-keys'] !== undefined) {
    const keys = Object.keys(JSON.parse(call.body) as object);
    differences.push(...differs('eksAuthRequest body-keys', wanted['body-keys'], keys));
  }
  return differences;
}

async function compareSingleFlight(
  recording: AgentRecording,
  agent: RunningAgent,
  stub: EksAuthStub,
): Promise<Difference[]> {
  const { singleFlight } = recording;
  if (singleFlight === undefined) return [];
  stub.behave(behaviourOf('ok') ?? (() => undefined));
  const before = stub.calls.length;
  const headers = [
    ['Host', HOST],
    ['Authorization', tokenOf('valid token')],
  ] as const;
  const requests = Array.from({ length: singleFlight.concurrent }, () =>
    send(agent.urls[0] ?? '', 'GET', CREDENTIALS, headers),
  );
  const statuses = [...new Set((await Promise.all(requests)).map((answer) => answer?.status ?? 0))].sort();
  const { eksAuthCalls } = singleFlight;
  const wanted = { statuses: singleFlight.statuses, eksAuthCalls };
  return differs('singleFlight', wanted, { statuses, eksAuthCalls: stub.calls.length - before });
}

/** Exceeds the recorded burst. Requests with a wrong host are cheap, since the agent rejects them. */
async function compareRateLimit(recording: AgentRecording, agent: RunningAgent): Promise<Difference[]> {
  const configured = recording.rateLimit?.configured ?? '';
  const size = Number(/burst (\d+)/.exec(configured)?.[1]);
  const rate = Number(/(\d+) requests a second/.exec(configured)?.[1]);
  if (!(size > 0) || !(rate > 0)) return [];
  const started = performance.now();
  const counts = await burst(agent.urls[0] ?? '', CREDENTIALS, 'localhost', size * 6);
  const most = Math.ceil(size + (rate * (performance.now() - started)) / 1000);
  const [served, limited] = [counts.get(403) ?? 0, counts.get(429) ?? 0];
  if (served >= size && served <= most && served + limited === size * 6) return [];
  return [
    {
      name: 'rateLimit',
      expected: `${size} to ${most} of ${size * 6} simultaneous requests served, the others 429`,
      actual: `${served} served, ${limited} times 429`,
    },
  ];
}

async function compareExit(
  recording: AgentRecording,
  options: AgentReplayOptions,
  endpoint: string,
): Promise<Difference[]> {
  if (recording.sigterm === undefined || options.agentProgram === undefined) return [];
  const exitCode = await exitCodeAfterSigterm(options.agentProgram, endpoint);
  return differs('sigterm', recording.sigterm, { exitCode });
}

async function scrape(agent: RunningAgent): Promise<string[]> {
  const answer = await send(agent.metricsUrl, 'GET', '/metrics', [['Host', 'localhost']]);
  return (answer?.body ?? '').split('\n').filter((line) => /^(# \w+ )?pod_identity/.test(line));
}

/** Replays a recording against the reference agent and an EKS Auth stub. Throws HarnessError BAD_FILE. */
export async function replayAgent(value: unknown, options: AgentReplayOptions = {}): Promise<ReplayResult> {
  const recording = readAgentRecording(value);
  const stub = await startEksAuthStub();
  const agent = await startRecordedAgent(recording, stub.url);
  try {
    const differences: Difference[] = [];
    const exchanges = new ExchangeReplay(agent, stub);
    for (const exchange of recording.exchanges) differences.push(...[(await exchanges.replay(exchange)) ?? []].flat());
    if (recording.metrics !== undefined) differences.push(...compareMetrics(recording.metrics, await scrape(agent)));
    if (recording.eksAuthRequest !== undefined) differences.push(...compareRequest(recording, stub));
    differences.push(...(await compareSingleFlight(recording, agent, stub)));
    differences.push(...(await compareRateLimit(recording, agent)));
    differences.push(...(await compareExit(recording, options, stub.url)));
    const facts = [
      recording.metrics,
      recording.eksAuthRequest,
      recording.singleFlight,
      recording.rateLimit,
      recording.sigterm,
    ];
    const compared = recording.exchanges.length + facts.filter((fact) => fact !== undefined).length;
    return { compared, differences };
  } finally {
    await agent.stop();
    await stub.stop();
  }
}
