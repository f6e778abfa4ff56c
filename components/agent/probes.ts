import { get, type ServerResponse } from 'node:http';
import { reply } from '../go/reply.ts';
import type { Logger } from './log.ts';

/** Timeout of probing all bind hosts, in ms. */
const PROBE_TIMEOUT = 10_000;
export const PROBE_PATHS = ['/healthz', '/readyz'] as const;

function statusOf(url: string, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = get(url, { signal, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode!);
    });
    request.on('error', reject);
  });
}

/** Returns the handler for liveness and readiness. Each bind host's server, in sequence, must return 404 for `/`. */
export function probeHandler(urls: () => readonly string[], log: Logger, timeout: number = PROBE_TIMEOUT) {
  return async (_: unknown, response: ServerResponse): Promise<void> => {
    const deadline = AbortSignal.timeout(timeout);
    try {
      for (const url of urls()) {
        const status = await statusOf(url, deadline);
        if (status !== 404) throw new Error(`unexpected status code recieved, expected 404, got ${status}`);
      }
      reply(response, 200, {}, '');
    } catch (error) {
      log.warn(`Failed probe: ${error instanceof Error ? error.message : 'unknown error'}`);
      if (deadline.aborted) return reply(response, 408, {}, '');
      log.error('InternalServerError: a bind host does not answer as it should');
      reply(response, 500, { 'Content-Type': 'text/plain; charset=utf-8' }, 'Internal Server Error occurred');
    }
  };
}
