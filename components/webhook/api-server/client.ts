import * as http from 'node:http';
import * as https from 'node:https';
import { createInterface } from 'node:readline';
import { textOf } from '../../../foundation/kubernetes/connection.ts';
import type { ApiServerAccess } from './access.ts';

/** The API server answered with another status than 200. */
export class ApiStatusError extends Error {
  readonly status: number;
  constructor(path: string, status: number) {
    super(`GET ${path} was answered with ${status}.`);
    this.status = status;
  }
}

/** Milliseconds for one plain request. */
const TIMEOUT = 10_000;

/** GETs JSON from the API server and watches lists of it, over HTTPS or, with `--kube-api`, HTTP. */
export class ApiServerClient {
  readonly #access: ApiServerAccess;

  constructor(access: ApiServerAccess) {
    this.#access = access;
  }

  /** Rejects with {@link ApiStatusError}, or with the connection's error. */
  async get(path: string, timeout = TIMEOUT): Promise<unknown> {
    const response = await this.#request(path, AbortSignal.timeout(timeout));
    return JSON.parse(await textOf(response));
  }

  /** The events of a watch, each a line of JSON, until the API server ends it. */
  async *watch(path: string, signal: AbortSignal): AsyncGenerator<unknown> {
    const response = await this.#request(path, signal);
    for await (const line of createInterface({ input: response })) if (line !== '') yield JSON.parse(line);
  }

  async #request(path: string, signal: AbortSignal): Promise<http.IncomingMessage> {
    const { url, certificateAuthority, clientCertificate } = this.#access;
    const token = await this.#access.token();
    const options: https.RequestOptions = {
      headers: { accept: 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
      signal,
      ...(certificateAuthority ? { ca: certificateAuthority } : {}),
      ...(clientCertificate ? { cert: clientCertificate.certificate, key: clientCertificate.key } : {}),
    };
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      const get = url.startsWith('https:') ? https.get : http.get;
      get(`${url}${path}`, options, resolve).on('error', reject);
    });
    if (response.statusCode === 200) return response;
    response.resume();
    throw new ApiStatusError(path, response.statusCode ?? 0);
  }
}
