import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { ApiContext } from '../rest/context.ts';
import { objectsIn } from '../admission/pod-defaults.ts';
import { badRequest, notFound } from '../model/errors.ts';
import type { JsonObject } from '../patch/merge-patch.ts';
import { ApiError, type KubeObject } from '../model/types.ts';
import type { RequestInfo, ResourceRequest } from './request-info.ts';
import { respondError } from '../rest/respond.ts';

const PODS = { group: '', resource: 'pods' };

function unavailable(message: string): ApiError {
  return new ApiError(503, 'ServiceUnavailable', message);
}

function podOf(context: ApiContext, target: ResourceRequest, name: string): KubeObject {
  const pod = context.store.get('pods', target.namespace, name);
  if (pod === undefined) throw notFound(PODS, name);
  return pod;
}

/** Returns the requested container, which may be omitted only if there is a single one. Throws `ApiError` 400. */
function containerOf(pod: KubeObject, containerName: string | null): string {
  const spec = (pod['spec'] ?? {}) as JsonObject;
  const names = objectsIn(spec['containers']).map((container) => String(container['name']));
  const inits = objectsIn(spec['initContainers']).map((container) => String(container['name']));
  const { name } = pod.metadata;
  if (containerName) {
    if (names.includes(containerName) || inits.includes(containerName)) return containerName;
    throw badRequest(`container ${containerName} is not valid for pod ${name}`);
  }
  if (names.length === 1 && inits.length === 0) return names[0] ?? '';
  const first = pod.metadata.annotations?.['kubectl.kubernetes.io/default-container'];
  if (first !== undefined && names.includes(first)) return first;
  if (names.length === 1) return names[0] ?? '';
  throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${names.join(' ')}]`);
}

function flag(query: URLSearchParams, name: string): boolean {
  return ['true', '1'].includes(query.get(name) ?? '');
}

/** Streams a container's log. Throws `ApiError` before the response begins. */
export function serveLog(
  context: ApiContext,
  info: RequestInfo,
  target: ResourceRequest,
  response: ServerResponse,
): void {
  const pod = podOf(context, target, target.name ?? '');
  const { query } = info;
  const container = containerOf(pod, query.get('container'));
  const { name, namespace = '' } = pod.metadata;
  const kubelet = context.kubeletOf(pod);
  if (kubelet === undefined) throw badRequest(`pod ${name} does not have a host assigned`);
  const tail = query.get('tailLines');
  if (tail !== null && !/^\d+$/.test(tail)) throw badRequest('tailLines must be a whole number');
  const log = kubelet.logs(namespace, name, {
    container,
    follow: flag(query, 'follow'),
    ...(tail === null ? {} : { tailLines: Number(tail) }),
    previous: flag(query, 'previous'),
  });
  // Send headers with the first bytes, so that earlier errors can be a Status.
  const begin = () => {
    if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/plain' });
  };
  log.on('error', (error) => respondError(response, error));
  log.on('data', (chunk: Buffer | string) => {
    begin();
    if (!response.write(chunk)) {
      log.pause();
      response.once('drain', () => log.resume());
    }
  });
  log.on('end', () => {
    begin();
    response.end();
  });
  response.on('close', () => log.destroy());
}

/** Headers not to forward: hop-by-hop headers and credentials. */
const PRIVATE_HEADERS = ['host', 'connection', 'authorization', 'cookie', 'keep-alive', 'upgrade', 'transfer-encoding'];

/** Proxies `pods/<name>:<port>/proxy/<path>`. Throws `ApiError`. */
export function serveProxy(
  context: ApiContext,
  info: RequestInfo,
  target: ResourceRequest,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const match = /^(?:(https?):)?([^:]+)(?::(\d+))?$/.exec(target.name ?? '');
  if (match === null) throw badRequest(`invalid pod request "${target.name ?? ''}"`);
  const [, , name = '', containerName] = match;
  const pod = podOf(context, target, name);
  const containers = objectsIn(((pod['spec'] ?? {}) as JsonObject)['containers']);
  const declared = containers.flatMap((container) => objectsIn(container['ports']))[0]?.['containerPort'];
  const port = containerName === undefined ? declared : Number(containerName);
  if (typeof port !== 'number') throw badRequest('the pod declares no port, so name one as <pod>:<port>');
  const base = context.kubeletOf(pod)?.proxy?.(pod.metadata.namespace ?? '', name, port);
  if (base === undefined) throw unavailable(`error trying to reach pod ${name}: nothing serves port ${port}`);
  const url = new URL(base);
  // Not resolved as a URL, because `//host` would be another host.
  url.pathname = `/${target.rest}`;
  url.search = info.query.toString();
  const headers = Object.entries(request.headers).filter(
    ([header]) => !PRIVATE_HEADERS.includes(header) && !header.startsWith('impersonate-'),
  );
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  // Open a new connection, because the pod may be closing a kept-alive one.
  const options = { agent: false, method: request.method ?? 'GET', headers: Object.fromEntries(headers) };
  const upstream = send(url, options, (answer) => {
    const { connection: _connection, 'keep-alive': _keepAlive, ...passed } = answer.headers;
    response.writeHead(answer.statusCode ?? 502, passed);
    answer.pipe(response);
    answer.on('error', () => response.destroy());
  });
  upstream.on('error', () => respondError(response, unavailable(`error trying to reach pod ${name}, port ${port}`)));
  response.on('close', () => upstream.destroy());
  request.pipe(upstream);
}
