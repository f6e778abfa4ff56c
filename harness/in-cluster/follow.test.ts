import { PassThrough } from 'node:stream';
import type { V1Pod } from '@kubernetes/client-node';
import { expect } from 'chai';
import { rejection } from '../../test/support/kind.ts';
import type { Connection } from '../../foundation/protocols/kubernetes-connection.ts';
import { followPod, type Ending } from './follow.ts';

type State = NonNullable<NonNullable<V1Pod['status']>['containerStatuses']>[0]['state'];
const pod = (state: State, metadata: object = {}): object => ({
  metadata: { name: 'runner-x', ...metadata },
  spec: { nodeName: 'n1', containers: [{ name: 'runner', image: 'runner:1' }] },
  status: { phase: 'Running', containerStatuses: [{ name: 'runner', state }] },
});
const RUNNING = pod({ running: {} });
const ENDED = pod({ terminated: { exitCode: 1 } });
const broken = (): Error => Object.assign(new Error('aborted'), { code: 'ECONNRESET' });

/** Follows a pod on an API server that returns the stages one after the other, and a log for each read. */
function following(stages: readonly (object | undefined | Error)[], logs: readonly (readonly string[] | Error)[] = []) {
  const [pods, texts] = [[...stages], [...logs]];
  const [lines, notes]: [string[], string[]] = [[], []];
  const connection = {
    json: async () => {
      const stage = pods.length > 1 ? pods.shift() : pods[0];
      if (stage instanceof Error) throw stage;
      return { items: stage === undefined ? [] : [stage] };
    },
    open: async () => {
      const log = texts.shift() ?? [];
      const stream = new PassThrough();
      for (const line of Array.isArray(log) ? (log as string[]) : []) stream.write(`${line}\n`);
      if (log instanceof Error) setImmediate(() => stream.destroy(log));
      else stream.end();
      return stream;
    },
  } as unknown as Connection;
  const ending: Promise<Ending> = followPod({
    connection,
    namespace: 'n',
    labels: { a: 'b' },
    signal: new AbortController().signal,
    onLine: (line) => lines.push(line),
    note: (line) => notes.push(line),
    times: { every: 1, silence: 50, overdue: 50 },
  });
  return { ending, lines, notes };
}

describe('followPod', () => {
  it('waits for the pod, reads its log and returns its exit code', async () => {
    const { ending, lines } = following(
      [undefined, pod({ waiting: {} }), RUNNING, ENDED],
      [
        ['a', 'b'],
        ['a', 'b', 'c'],
      ],
    );
    expect(await ending).to.deep.equal({ exitCode: 1 });
    expect(lines).to.deep.equal(['a', 'b', 'a', 'b', 'c']);
  });

  it('reports a broken log stream, and reads the log again', async () => {
    const { ending, lines, notes } = following([RUNNING, RUNNING, ENDED], [broken(), ['a'], ['a']]);
    expect(await ending).to.deep.equal({ exitCode: 1 });
    expect(lines).to.deep.equal(['a', 'a']);
    expect(notes).to.have.length(1);
    expect(notes[0]).to.match(/log broke .*reading the log again/);
  });

  it('returns why the pod has disappeared', async () => {
    expect(await following([RUNNING, undefined]).ending).to.deep.equal({ gone: 'its pod was deleted' });
    const late = pod({ running: {} }, { deletionTimestamp: new Date(Date.now() - 60_000).toISOString() });
    expect(await following([late]).ending).to.deep.equal({ gone: 'its node n1 does not answer' });
    const evicted = { ...pod(undefined), status: { phase: 'Failed', reason: 'Evicted' } };
    expect(await following([evicted]).ending).to.deep.equal({ gone: 'its pod failed (Evicted)' });
  });

  it('fails if the image is missing, or the API server remains unreachable', async () => {
    const waiting = { reason: 'ErrImageNeverPull', message: 'not present' };
    const missing = await rejection(following([pod({ waiting })]).ending);
    expect(missing).to.include({ code: 'IMAGE_MISSING' });
    expect(missing.message).to.match(/image runner:1 \(--runner-image\) on node n1/);
    const away = await rejection(following([RUNNING, broken()]).ending);
    expect(away.message).to.match(/has not answered .* the runner is still running in namespace n/);
  });
});
