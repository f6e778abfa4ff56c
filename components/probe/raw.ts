import { request as httpRequest, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentRequest, ProbeResult, WebIdentityRequest } from '../../foundation/protocols/probe-protocol.ts';
import { asWritten, pipelined, type PipelinedResponse } from './pipeline.ts';
import { stsEndpoint } from './sts-endpoint.ts';
import { changeToken, readToken } from './tokens.ts';
import { unbracketed } from '../../foundation/node/unbracketed.ts';

/** EKS Auth's error in the agent's format: `[<request id>]: (<code>): <message>, fault: client`. */
const PASSED_ON = /^\[([^\]]*)\]: \(([^)]+)\): ([\s\S]*), fault: (\w+)\s*$/;

const AGENT_ADDRESS = {
  environment: 'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  ipv4: 'PROBE_AGENT_URI',
  ipv6: 'PROBE_AGENT_IPV6_URI',
} as const;

/** Calls the agent directly. Repeated requests must all get the same response. */
export async function fetchCredentials(operation: AgentRequest): Promise<ProbeResult> {
  const base = process.env[AGENT_ADDRESS[operation.via ?? 'environment']];
  if (base === undefined)
    return {
      outcome: 'refused',
      layer: 'injection',
      code: 'NoCredentialsSettings',
      message: 'the pod has no AWS_CONTAINER_CREDENTIALS_FULL_URI',
    };
  const token = readToken(operation.token);
  const authorization = token === undefined ? undefined : await changeToken(token, operation.change);
  const once = (): Promise<PipelinedResponse> => askAgent(base, operation, authorization);
  if (operation.pipelined !== undefined) return pipelined(base, operation, authorization, operation.pipelined);
  const answers: PipelinedResponse[] = [];
  const repeat = operation.repeat ?? 1;
  if (operation.atOnce) answers.push(...(await Promise.all(Array.from({ length: repeat }, once))));
  else for (let count = 0; count < repeat; count += 1) answers.push(await once());
  const results = answers.map((answer) => resultOfAgentAnswer(answer));
  const first = results[0] as ProbeResult;
  const odd = results.find((result) => result.outcome !== first.outcome || result.code !== first.code);
  const shown = odd === undefined || odd.outcome === 'granted' ? first : odd;
  const sessions = new Set(results.map((result) => result.facts?.['session']));
  return {
    ...shown,
    facts: {
      ...shown.facts,
      requests: repeat,
      answeredAlike: odd === undefined,
      distinctSessions: sessions.size,
    },
  };
}

/** The code if the agent closed the connection without a response at every attempt. */
const NO_ANSWER = 'NoAnswer';
const TRIES = 3;
const PAUSE_MILLISECONDS = 300;

/**
 * Calls the agent, with retries. The network or a replaced agent may break one connection. If every attempt breaks, the
 * cause is the agent: Go's `net/http` closes the connection when a handler panics.
 */
async function askAgent(
  base: string,
  operation: AgentRequest,
  authorization: string | undefined,
): Promise<PipelinedResponse> {
  const url = new URL(base);
  const { lines } = operation;
  const once = (): Promise<PipelinedResponse> => {
    if (lines !== undefined) return asWritten(url, lines, authorization);
    return send(url, {
      method: operation.method ?? 'GET',
      path: operation.path ?? `${url.pathname}${url.search}`,
      headers: {
        ...(operation.host !== undefined && { host: operation.host }),
        ...(authorization !== undefined && { authorization }),
      },
      ...(operation.giveUpAfter !== undefined && { timeout: operation.giveUpAfter }),
    }).catch((error: NodeJS.ErrnoException) => notAnswered(error.code ?? 'connection failed'));
  };
  for (let tries = 1; ; tries += 1) {
    const answer = await once();
    if (answer.body !== 'ECONNRESET' || answer.status !== 0) return answer;
    if (tries === TRIES) return notAnswered(NO_ANSWER);
    await sleep(PAUSE_MILLISECONDS);
  }
}

const notAnswered = (code: string): PipelinedResponse => ({ status: 0, contentType: undefined, body: code });

/** Interprets the agent's response: credentials, its own error, or EKS Auth's error. */
export function resultOfAgentAnswer({ status, contentType, body }: PipelinedResponse): ProbeResult {
  const facts = { status, ...(contentType !== undefined && { contentType }) };
  if (status === 200) {
    const credentials = parseObject(body);
    if (typeof credentials['AccessKeyId'] !== 'string')
      return {
        outcome: 'refused',
        layer: 'agent',
        code: 'NoCredentialsInAnswer',
        status,
        message: 'the agent returned 200 without credentials',
        facts,
      };
    return {
      outcome: 'granted',
      status,
      facts: {
        ...facts,
        keys: Object.keys(credentials).join(','),
        accountId: String(credentials['AccountId']),
        expiration: String(credentials['Expiration']),
        secondsLeft: Math.round((Date.parse(String(credentials['Expiration'])) - Date.now()) / 1000),
        // Distinguishes sessions without revealing a key.
        session: fingerprint(String(credentials['AccessKeyId'])),
      },
    };
  }
  if (status === 0) {
    const message =
      body === NO_ANSWER
        ? `the agent closed the connection without a response in each of ${TRIES} attempts`
        : `the agent cannot be reached (${body})`;
    return {
      outcome: 'refused',
      layer: 'agent',
      code: body,
      message,
      facts: { ...facts, ...(body === NO_ANSWER && { tries: TRIES }) },
    };
  }
  const passedOn = PASSED_ON.exec(body);
  if (passedOn) {
    const [, requestId = '', code = '', message = '', fault = ''] = passedOn;
    return {
      outcome: 'refused',
      layer: 'eks-auth',
      code,
      status,
      message,
      requestId,
      facts: { ...facts, fault, requestId },
    };
  }
  return { outcome: 'refused', layer: 'agent', code: String(status), status, message: body.trim(), facts };
}

/** Calls AssumeRoleWithWebIdentity without an SDK, by an unsigned form POST (AWS STS API Reference). */
export async function assumeRoleWithWebIdentity(operation: WebIdentityRequest): Promise<ProbeResult> {
  const token = readToken(operation.token);
  const form = new URLSearchParams({
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: operation.roleArn,
    RoleSessionName: 'probe',
    ...(token !== undefined && { WebIdentityToken: await changeToken(token, operation.change) }),
    ...(operation.durationSeconds !== undefined && { DurationSeconds: String(operation.durationSeconds) }),
  });
  const answer = await send(stsEndpoint(process.env), {
    method: 'POST',
    path: '/',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
  });
  const element = (name: string): string | undefined => new RegExp(`<${name}>([^<]*)</${name}>`).exec(answer.body)?.[1];
  const requestId = element('RequestId');
  if (answer.status === 200) {
    const arn = element('Arn') ?? '';
    return {
      outcome: 'granted',
      status: 200,
      identity: { arn, account: arn.split(':')[4] ?? '' },
      ...(requestId !== undefined && { requestId }),
      facts: { subject: element('SubjectFromWebIdentityToken') ?? '', audience: element('Audience') ?? '' },
    };
  }
  return {
    outcome: 'refused',
    layer: 'sts',
    code: element('Code') ?? String(answer.status),
    status: answer.status,
    message: element('Message') ?? '',
    ...(requestId !== undefined && { requestId }),
  };
}

export async function send(
  url: URL,
  {
    body,
    timeout = 20_000,
    ...options
  }: { method: string; path: string; headers: Record<string, string>; body?: string; timeout?: number },
): Promise<PipelinedResponse> {
  // Load TLS only when needed, because it slows the start.
  const request = url.protocol === 'https:' ? (await import('node:https')).request : httpRequest;
  return new Promise((resolve, reject) => {
    const hostname = unbracketed(url.hostname);
    const outgoing = request(
      {
        hostname,
        port: url.port,
        ...options,
        timeout,
        agent: false,
      },
      (incoming: IncomingMessage) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('end', () =>
          resolve({
            status: incoming.statusCode ?? 0,
            contentType: incoming.headers['content-type'],
            body: Buffer.concat(chunks).toString('utf8'),
          }),
        );
        incoming.on('error', reject);
      },
    );
    outgoing.on('timeout', () =>
      outgoing.destroy(Object.assign(new Error(`no answer within ${timeout} ms`), { code: 'TIMEOUT' })),
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Returns a 32-bit FNV-1a hash, which distinguishes sessions without revealing a key. */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

function parseObject(text: string): Record<string, unknown> {
  try {
    return (JSON.parse(text) as Record<string, unknown> | null) ?? {};
  } catch {
    return {};
  }
}
