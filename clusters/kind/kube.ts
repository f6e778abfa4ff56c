import { text as textOf } from 'node:stream/consumers';
import type { V1Node } from '@kubernetes/client-node';
import type { JsonWebKeySet } from '../../emulator/index.ts';
import { poll, retry } from '../../foundation/node/poll.ts';
import type { Connection } from '../../foundation/protocols/kubernetes-connection.ts';
import { isReady } from '../in-cluster/rollout.ts';

export async function nodesOf(connection: Connection, signal?: AbortSignal): Promise<readonly V1Node[]> {
  return (await connection.json<{ items: V1Node[] }>('GET', '/api/v1/nodes', undefined, signal)).items;
}

const POLL_MILLISECONDS = 200;

/** Waits until the API server answers. It may reject requests while it creates its roles. */
export async function apiAnswers(connection: Connection, signal: AbortSignal): Promise<void> {
  await retry(() => connection.json('GET', '/api/v1/namespaces/kube-system', undefined, signal), {
    every: POLL_MILLISECONDS,
    signal,
    tolerates: () => true,
  });
}

export function nodesReady(connection: Connection, signal: AbortSignal): Promise<readonly V1Node[]> {
  return poll(
    async () => {
      const nodes = await nodesOf(connection, signal);
      return nodes.length > 0 && nodes.every(isReady) ? nodes : undefined;
    },
    { every: POLL_MILLISECONDS, signal, tolerates: () => true, what: 'ready nodes' },
  );
}

/** Returns the API server's public keys, which are only available as `application/jwk-set+json`. */
export async function keysOf(connection: Connection): Promise<JsonWebKeySet> {
  const answer = await connection.send({
    method: 'GET',
    path: '/openid/v1/jwks',
    headers: { accept: 'application/jwk-set+json' },
  });
  const text = await textOf(answer);
  if (answer.statusCode !== 200) throw new Error(`the API server returned status ${answer.statusCode} for its keys`);
  return JSON.parse(text) as JsonWebKeySet;
}

/** Returns the issuer (Kubernetes, "Managing Service Accounts", service account issuer discovery). */
export async function issuerOf(connection: Connection): Promise<string> {
  const path = '/.well-known/openid-configuration';
  return (await connection.json<{ issuer: string }>('GET', path)).issuer;
}
