import type { V1Pod } from '@kubernetes/client-node';
import { expect } from 'chai';
import type { CheckContext } from '../../../harness/index.ts';

const CONTAINERS = [{ name: 'app', image: 'example.com/app:1' }];

/** Returns a pod of the service account as admission changes it, without storing it. */
export async function admitted(
  { kubernetes, name }: CheckContext,
  serviceAccountName: string,
  { metadata = {}, spec = {} }: { readonly metadata?: object; readonly spec?: object } = {},
): Promise<V1Pod> {
  const path = name('/api/v1/namespaces/<namespace:app>/pods?dryRun=All');
  const body = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'admitted', ...metadata },
    spec: { containers: CONTAINERS, ...spec, serviceAccountName },
  };
  const answer = await kubernetes({ method: 'POST', path, body });
  expect(answer.status, answer.body).to.equal(201);
  return JSON.parse(answer.body) as V1Pod;
}
