import { randomUUID } from 'node:crypto';
import type { CallLog } from '../world/call-log.ts';
import type { ServiceContext } from '../world/context.ts';
import { AwsError } from '../../foundation/aws/aws-error.ts';
import type { Service, ServiceName, ServiceRequest, ServiceResponse } from '../core/service.ts';
import { DisturbedCall, type Disturbances } from '../world/disturbances.ts';
import type { Throttles } from '../world/throttles.ts';
import { decodeChunks, signatureError, SIGNATURE_VERSION_2, SignatureProblem } from '../sigv4/index.ts';
import type { Verifier } from '../sigv4/index.ts';
import { refuseOtherService, actionOf, destinationOf, isForm, needsNoSignature, type Destination } from './routing.ts';
import { applicationIdOf, ClientGone, NOTHING, type RequestBody, type RequestHead } from './read-request.ts';

type Writable<T> = { -readonly [Member in keyof T]: T[Member] };

/** A request's connection and time of arrival: milliseconds since the epoch (machine's clock), and a monotonic mark. */
interface Arrival {
  readonly at: number;
  readonly mark: number;
  readonly connection: number;
}

/** Maximum bytes of a body. */
const LIMITS = { s3: 64 * 1024 * 1024, otherServices: 1024 * 1024 } as const;

export interface CallHandlerOptions {
  readonly services: Readonly<Record<ServiceName, Service>>;
  readonly context: ServiceContext;
  readonly disturbances: Disturbances;
  readonly throttles: Throttles;
  readonly verifier: Verifier;
  readonly log: CallLog;
}

export interface HttpResponse {
  readonly response: ServiceResponse;
  /** Whether the connection can be reused: not if the request was not read completely. */
  readonly keepAlive: boolean;
  /** Notes of the recorded call. */
  readonly notes?: string[];
}

/**
 * Handles a request: finds the service, reads the body, verifies the signature, throttles, disturbs, calls the service
 * and records the call. Errors become AWS errors. Throws ClientGone.
 */
export async function handleCall(
  { connection, read }: RequestBody,
  head: RequestHead,
  options: CallHandlerOptions,
): Promise<HttpResponse> {
  const { context, services } = options;
  const received: Arrival = { at: Date.now(), mark: performance.now(), connection };
  const destination = destinationOf(head);
  const request: Writable<ServiceRequest> = {
    id: requestId(destination.service),
    ...head,
    body: NOTHING,
    caller: undefined,
    applicationId: applicationIdOf(head.headers),
    time: context.world.clock.now(),
    presigned: destination.claimed?.presigned ?? false,
  };
  let service = services[destination.service];
  let complete = false;
  let answer: ServiceResponse;
  let failure: AwsError | undefined;
  try {
    const body = await read(destination.service === 's3' ? LIMITS.s3 : LIMITS.otherServices);
    complete = true;
    if (destination.other !== undefined) {
      context.trace(request).notes.push(`the emulator does not support ${destination.other}`);
      const response = refuseOtherService(destination.other, head, request.id);
      record(options, service.name, request, received, response.status, undefined);
      return { response, keepAlive: true };
    }
    request.body = body;
    service = services[refine(destination, head, body)];
    admit(request, destination, service.name, options.verifier);
    const identified = identifyOperation(service, request);
    context.trace(request).operation = identified.operation;
    options.throttles.admit(service.name, request.caller, identified.operation);
    await options.disturbances.inject({ service: service.name, ...identified }, request.applicationId, false);
    answer = await service.handle(request);
  } catch (error) {
    if (error instanceof ClientGone) throw error;
    if (error instanceof DisturbedCall) answer = error.response;
    else {
      failure = asAwsError(error, service.name, request, (note) => context.trace(request).notes.push(note));
      answer = service.renderError(failure, request);
    }
  }
  record(options, service.name, request, received, answer.status, failure);
  return { response: answer, keepAlive: complete, notes: context.trace(request).notes };
}

/** Returns the operation before the service handles it; `Unknown` if the service does not support it. */
function identifyOperation(
  service: Service,
  request: ServiceRequest,
): { readonly operation: string; readonly clusterName?: string } {
  try {
    return service.identify?.(request) ?? { operation: actionOf(request, request.body) ?? 'Unknown' };
  } catch {
    // The service itself will report the error in the request.
    return { operation: 'Unknown' };
  }
}

/** Distinguishes unsigned query calls to IAM, EC2 and STS by the API version. */
function refine({ service, claimed }: Destination, head: RequestHead, body: Buffer): ServiceName {
  if (service !== 'sts' || claimed !== undefined) return service;
  const version = `${head.query}&${body.toString('latin1', 0, 65_536)}`;
  if (/(?:^|&)Version=2010-05-08(?:&|$)/.test(version)) return 'iam';
  return /(?:^|&)Version=2016-11-15(?:&|$)/.test(version) ? 'ec2' : 'sts';
}

/** Adds the caller, the decoded payload and trailers to the request. Throws SignatureProblem. */
function admit(
  request: Writable<ServiceRequest>,
  { claimed, problem }: Destination,
  service: ServiceName,
  verifier: Verifier,
): void {
  if (problem !== undefined) throw problem;
  if (claimed === undefined) {
    if (needsNoSignature(service, service === 'sts' ? actionOf(request, request.body) : undefined)) return;
    if (isForm(request) && /(?:^|&)SignatureVersion=2(?:&|$)/.test(request.body.toString('latin1'))) {
      throw new SignatureProblem('signature-version-2', SIGNATURE_VERSION_2);
    }
    throw new SignatureProblem('missing', 'the request is not signed');
  }
  const signature = verifier.verify(request, claimed, request.body, service);
  request.caller = signature.caller;
  if (signature.payload === 'hash' || signature.payload === 'unsigned') return;
  const { data, trailers } = decodeChunks(request.body, request.headers, signature);
  request.body = data;
  request.headers = { ...request.headers, ...trailers };
}

/** Returns an error for the client. It hides an unexpected one, whose place is in the record. */
function asAwsError(
  error: unknown,
  service: ServiceName,
  { query }: ServiceRequest,
  note: (text: string) => void,
): AwsError {
  if (error instanceof AwsError) return error;
  if (error instanceof SignatureProblem) {
    note(`signature rejected: ${error.kind}`);
    return signatureError(error, service, /(?:^|&)X-Amz-(?:Algorithm|Credential|Signature)=/.test(query));
  }
  note(`the emulator failed: ${failureOf(error)}`);
  return service === 's3'
    ? new AwsError('InternalError', 500, 'We encountered an internal error. Please try again.')
    : new AwsError('InternalFailure', 500, 'The request processing has failed because of an unknown error.');
}

/** Returns name and place only, because the message of an unexpected error may contain anything. */
function failureOf(error: unknown): string {
  if (!(error instanceof Error)) return 'the thrown value is not an error';
  const place = /\(?([^\s()]*\/)?([^/\s()]+:\d+):\d+\)?$/.exec(error.stack?.split('\n')[1] ?? '')?.[2];
  return place === undefined ? error.name : `${error.name} at ${place}`;
}

function record(
  { context, log }: CallHandlerOptions,
  service: ServiceName,
  request: ServiceRequest,
  { at: receivedAt, mark, connection }: Arrival,
  status: number,
  failure: AwsError | undefined,
): void {
  const { id: requestId, time, caller: signer, applicationId } = request;
  const caller = signer?.arn ?? 'anonymous';
  const errorCode = failure?.code;
  const arrival = { time, receivedAt, connection, milliseconds: performance.now() - mark };
  log.add(
    { requestId, ...arrival, service, caller, applicationId, status, errorCode, ...context.trace(request) },
    signer,
  );
}

function requestId(service: ServiceName): string {
  const id = randomUUID();
  return service === 's3' ? id.replaceAll('-', '').slice(0, 16).toUpperCase() : id;
}
