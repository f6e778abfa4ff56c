/** Kubernetes API requests in the namespace of a scenario's pods. */
import { expect } from 'chai';
import type { CheckContext } from '../../harness/index.ts';

export const NAMESPACE = '/api/v1/namespaces/<namespace:app>';

/** Sends requests as administrator and expects success. `path`: relative to the namespace, such as `pods/app`. */
export const askerOf =
  <Answered>({ kubernetes, name }: CheckContext) =>
  async (method: string, path: string, body?: object): Promise<Answered> => {
    const answer = await kubernetes({ method, path: `${name(NAMESPACE)}/${path}`, body });
    expect(answer.status, `${method} ${path}: ${answer.body}`).to.be.below(300);
    return JSON.parse(answer.body) as Answered;
  };
