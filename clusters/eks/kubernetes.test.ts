import { expect } from 'chai';
import { KubernetesError, type Connection } from '../../foundation/protocols/kubernetes-connection.ts';
import type { EksContext } from './context.ts';
import { awaitDns } from './kubernetes.ts';
import { FAST } from '../../test/support/eks-cluster.ts';

describe("waiting for a cluster's DNS", () => {
  /** Waits for a Deployment that reports these counts of ready pods in turn, and then repeats the last. */
  async function waited(counts: readonly (number | undefined | Error)[], milliseconds = 5000) {
    let looks = 0;
    const connection = {
      json: async () => {
        const readyReplicas = counts[Math.min(looks++, counts.length - 1)];
        if (readyReplicas instanceof Error) throw readyReplicas;
        return { status: readyReplicas === undefined ? {} : { readyReplicas } };
      },
    } as unknown as Connection;
    const context = {
      name: 'a',
      timing: FAST,
      readyMilliseconds: milliseconds,
      signal: new AbortController().signal,
      deadline: Date.now() + milliseconds,
    } as unknown as EksContext;
    const message = await awaitDns(connection, context).then(
      () => undefined,
      (error: Error) => error.message,
    );
    return { looks, message };
  }

  it('ends when a pod is ready', async () =>
    expect(await waited([undefined, 0, 1])).to.deep.equal({ looks: 3, message: undefined }));

  it('ends at once without CoreDNS', async () =>
    expect(await waited([new KubernetesError(404, 'NotFound', 'no')])).to.deep.equal({ looks: 1, message: undefined }));

  it('times out and names the Deployment to check', async () =>
    expect((await waited([0], 30)).message).to.equal(
      'CoreDNS of cluster a was not ready within 0.03 s (--ready-timeout). Check the pods of Deployment coredns in kube-system.',
    ));
});
