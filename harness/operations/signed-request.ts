/** Requests to AWS that the harness signs itself, correctly or with one mistake. */
import {
  anyNumber,
  choice,
  flag,
  matching,
  object,
  opt,
  orNull,
  text,
  textMap,
  union,
  whole,
} from '../scenario/form.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import { isAwsItself } from '../aws-target/capabilities.ts';
import type { AwsCredentials } from '../../aws/credentials.ts';
import {
  CREDENTIALS,
  PAYLOADS,
  sendSigned,
  signRequest,
  unsignedRequest,
  type Alteration,
  type SignedResponse,
  type RequestLine,
  type SigningOptions,
} from './faulty-requests.ts';
import { uriEncode } from '../../aws/sign-request.ts';
import type { ScenarioContext } from '../scenario/scenario-context.ts';
import { session, sessionNeeds, sessionOf, sessionReferences, sessionWords, type Session } from './as-session.ts';
import { defineHarnessOperation } from '../scenario/operation-registry.ts';

export interface SignedRequestOptions extends SigningOptions {
  readonly signedAs?: string;
}

interface SignedRequest extends SignedRequestOptions {
  readonly session: Session | null;
  readonly request: string;
}

/** Changes the signed request: its `target` (path and query), `body`, or a header. */
export const altered = (part: string, find: RegExp, by: string): { readonly alter: Alteration } => ({
  alter: { part, find: find.source, by },
});

const REQUEST = /^([A-Z]+) (?:(sts|eks|s3|s3-control):\/)?([^?]*)(?:\?(.*))?$/s;
const requestText = matching(REQUEST, 'a text such as "GET data/key"');
const WEEK_SECONDS = 604_800;
/** A permanent error of S3. */
const NOT_IMPLEMENTED = 501;
const TRIES = 3;

/**
 * Sends a request to S3 (`PUT data/key?tagging`: the scenario's bucket and key) or a service (`GET sts:/?Action=…`, `GET
 * eks:/clusters`, `GET s3:/`). `session`: of a workload's pod, or of a role by web identity; null: unsigned. Write
 * queries percent-encoded, but not keys.
 */
export const signedRequest = defineHarnessOperation(
  'SignedRequest',
  (session: Session | null, request: string, options: SignedRequestOptions = {}): SignedRequest => ({
    session,
    request,
    ...options,
  }),
  {
    form: {
      session: orNull(session),
      request: requestText,
      signedAs: opt(requestText),
      headers: opt(textMap),
      unsignedHeaders: opt(textMap),
      body: opt(union([text, anyNumber], 'a text or a number of bytes')),
      payload: opt(choice(...(Object.keys(PAYLOADS) as (keyof typeof PAYLOADS)[]))),
      presigned: opt(whole(0, WEEK_SECONDS)),
      age: opt(anyNumber),
      byDate: opt(flag),
      region: opt(text),
      service: opt(text),
      credentials: opt(choice(...(Object.keys(CREDENTIALS) as (keyof typeof CREDENTIALS)[]))),
      alter: opt(object({ part: text, find: text, by: text })),
    },
    usesS3: true,
    asScenario: true,
    refersTo: ({ session }) => (session === null ? {} : sessionReferences(session)),
    needs: ({ session }) => (session === null ? [] : sessionNeeds(session)),
    describe: (operation, say) => [say.text(operation.request), ...wordsOf(operation)],
    mayDiffer: ({ outcome }, expectation) => outcome !== expectation.outcome,
    perform: async (context, operation) => {
      const { session } = operation;
      if (session === null) return ask(context, undefined, operation);
      const held = await sessionOf(context, session);
      return 'outcome' in held ? held : ask(context, held.credentials, operation);
    },
  },
);

function wordsOf({ session, headers, ...operation }: SignedRequest): readonly string[] {
  const { payload, presigned, age, signedAs, region, service, credentials, alter } = operation;
  return [
    session === null ? 'unsigned' : sessionWords(session),
    ...Object.entries({ ...headers, ...operation.unsignedHeaders }).map(([name, value]) => `${name}: ${value}`),
    payload === undefined ? '' : `payload ${payload}`,
    presigned === undefined ? '' : `by a URL for ${presigned} s`,
    age === undefined ? '' : `signed ${age} s ago`,
    signedAs === undefined ? '' : `signed for ${signedAs}`,
    ...[region, service].map((name) => (name === undefined ? '' : `signed for ${name}`)),
    credentials === undefined ? '' : CREDENTIALS[credentials],
    alter === undefined ? '' : `with another ${alter.part}: ${alter.find} -> ${alter.by}`,
  ];
}

type Layer = 's3' | 'sts' | 'eks';
type Service = Layer | 's3-control';

async function ask(
  context: ScenarioContext,
  credentials: AwsCredentials | undefined,
  operation: SignedRequest,
): Promise<ProbeResult> {
  const { aws } = context.environment;
  const { service, ...line } = lineOf(context, operation.request);
  const layer = layerOf(service);
  const origin = await originOf(context, service);
  const { host } = new URL(origin);
  const signedAs = operation.signedAs === undefined ? line : lineOf(context, operation.signedAs);
  for (let tried = 1; ; tried += 1) {
    const sent =
      credentials === undefined
        ? unsignedRequest(line, operation, host)
        : signRequest(line, operation, { credentials, region: aws.region, service: layer, host, signedAs });
    const answer = await sendSigned(origin, sent, context.signal).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNRESET' || isAwsItself(aws)) throw error;
      return undefined;
    });
    // Retries server errors, because S3 may be overloaded.
    const isAnswered = answer !== undefined && (answer.status < 500 || answer.status === NOT_IMPLEMENTED);
    if (isAnswered || tried === TRIES) return answer === undefined ? noAnswer(layer) : resultOf(layer, answer);
    await sleep(1000, undefined, { signal: context.signal });
  }
}

/** S3 Control is signed as S3. Only AWS itself has a separate endpoint for it. */
const layerOf = (service: Service): Layer => (service === 's3-control' ? 's3' : service);

const noAnswer = (layer: Layer): ProbeResult => ({
  outcome: 'refused',
  layer: 'network',
  code: 'NoAnswer',
  message: `${layer} closed the connection without an answer at each of ${TRIES} tries`,
});

async function originOf({ environment: { aws }, names }: ScenarioContext, service: Service): Promise<string> {
  const given = await aws.clients('main')[layerOf(service)].config.endpoint?.();
  const place = service === 's3-control' ? `${names.expand('<account:main>')}.s3-control` : service;
  if (given === undefined) return `https://${place}.${aws.region}.amazonaws.com`;
  return `${given.protocol}//${given.hostname}${given.port === undefined ? '' : `:${given.port}`}`;
}

function lineOf({ names }: ScenarioContext, request: string): RequestLine & { readonly service: Service } {
  const [, method = '', service, place = '', query = ''] = REQUEST.exec(request) ?? [];
  const [alias = '', ...key] = place.split('/');
  const path = service === undefined ? ['', names.bucket(alias), ...key.map(uriEncode)].join('/') : `/${place}`;
  return { method, service: (service ?? 's3') as Service, path, query };
}

/**
 * Parses an answer: XML of S3 and STS, JSON of EKS (S3 API Reference, "REST error responses"). Omits the canonical
 * request of an S3 error, which may contain the session's token.
 */
function resultOf(layer: Layer, { status, headers, body }: SignedResponse): ProbeResult {
  const id = headers['x-amz-request-id'] ?? headers['x-amzn-requestid'];
  const request = typeof id === 'string' ? { requestId: id } : {};
  const xmlns = /^(?:<\?xml[^>]*>\s*)?<\w+ xmlns="([^"]*)"/.exec(body)?.[1];
  const namespace = xmlns === undefined ? {} : { xmlns };
  const tags = headers['x-amz-tagging-count'];
  const counted = tags === undefined ? {} : { tags: Number(tags) };
  if (status < 300) {
    return { outcome: 'granted', status, facts: { bytes: body.length, ...counted, ...namespace }, ...request };
  }
  const { Code: named, Message, ...elements } = elementsOf(body);
  const code = named ?? (String(headers['x-amzn-errortype'] ?? '').split(':')[0] || String(status));
  const message = Message ?? /"message":\s*"([^"]*)"/i.exec(body)?.[1] ?? '';
  const details = Object.entries(elements).filter(
    ([name]) => !/^(AWSAccessKeyId|CanonicalRequest|RequestId|HostId)/.test(name),
  );
  const facts = { ...(layer === 's3' && Object.fromEntries(details)), ...namespace };
  const some = Object.keys(facts).length > 0 ? { facts } : {};
  return { outcome: 'refused', layer, code, status, message, ...some, ...request };
}

const elementsOf = (xml: string): Readonly<Record<string, string>> =>
  Object.fromEntries([...xml.matchAll(/<([\w-]+)>([^<]*)<\/\1>/g)].map(([, name = '', text = '']) => [name, text]));
