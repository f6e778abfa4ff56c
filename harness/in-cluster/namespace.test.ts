import { expect } from 'chai';
import { KubernetesError, type Connection } from '../../foundation/protocols/kubernetes-connection.ts';
import { RUN_LABEL } from '../../foundation/protocols/labels.ts';
import { rejection } from '../../test/support/kind.ts';
import { NAMESPACE, type RunnerSpec } from './manifest.ts';
import { prepareNamespace, removeRun } from './namespace.ts';

const SPEC: RunnerSpec = {
  run: 'c000002',
  expiresAt: new Date('2030-01-01T00:00:00Z'),
  clusterName: 'blue',
  image: 'runner:1',
  workloadImage: 'probe:1',
  flags: [],
};
const PATH = `/api/v1/namespaces/${NAMESPACE}`;
const JOB = `/apis/batch/v1/namespaces/${NAMESPACE}/jobs/runner`;
const CLAIM = `${PATH}/persistentvolumeclaims/results`;

type Stored = { metadata: { name?: string; uid?: string; labels?: Record<string, string> }; status?: object };
const objectOf = (run?: string, more: object = {}): Stored => ({
  metadata: run === undefined ? {} : { labels: { [RUN_LABEL]: run } },
  ...more,
});

/** Returns an API server with these objects by path. Deletion of a namespace deletes its objects. */
function holding(objects: Readonly<Record<string, Stored>>) {
  const stored = new Map(Object.entries(objects));
  const json = async (method: string, path: string, body?: Stored): Promise<unknown> => {
    const [collection = '', query] = path.split('?');
    if (query !== undefined) {
      const run = decodeURIComponent(query).split('=').at(-1);
      const isIts = ([key, { metadata }]: [string, Stored]): boolean =>
        key.startsWith(`${collection}/`) && metadata.labels?.[RUN_LABEL] === run;
      return { items: [...stored].filter(isIts).map(([key]) => ({ metadata: { name: key.split('/').at(-1) } })) };
    }
    if (method === 'POST' && body !== undefined)
      return void stored.set(`${path}/${body.metadata.name}`, {
        ...body,
        metadata: { ...body.metadata, uid: 'uid-1' },
      });
    const found = stored.get(path);
    if (found === undefined) throw new KubernetesError(404, 'NotFound', path);
    if (method !== 'DELETE') return found;
    for (const key of stored.keys())
      if (key === path || (path === PATH && key.includes(`/${NAMESPACE}/`))) stored.delete(key);
    return {};
  };
  const notes: string[] = [];
  const connection = { json } as unknown as Connection;
  const prepare = (spec: RunnerSpec) =>
    prepareNamespace(connection, spec, { signal: new AbortController().signal, note: (line) => notes.push(line) });
  return { stored, notes, prepare, connection };
}

describe('the namespace of a runner', () => {
  it('is created, and its uid is returned as the owner of the roles', async () => {
    const { stored, prepare } = holding({});
    expect(await prepare(SPEC)).to.equal('uid-1');
    expect(stored.get(PATH)?.metadata.labels).to.deep.equal({ [RUN_LABEL]: SPEC.run });
  });

  it('is recreated if an earlier runner has left one', async () => {
    const { stored, notes, prepare } = holding({
      [PATH]: objectOf('c000001'),
      [JOB]: objectOf('c000001', { status: {} }),
    });
    await prepare(SPEC);
    expect(notes.join()).to.contain('Removing leftovers of run c000001');
    expect(stored.get(PATH)?.metadata.labels).to.deep.equal({ [RUN_LABEL]: SPEC.run });
    expect(stored.has(JOB)).to.equal(false);
  });

  it('is not changed while another runner is running', async () => {
    const { prepare } = holding({ [PATH]: objectOf('c000001'), [JOB]: objectOf('c000001', { status: { active: 1 } }) });
    expect((await rejection(prepare(SPEC))).message).to.contain('The runner of run c000001 is still running');
  });

  it('is not used if it does not belong to the harness', async () => {
    expect((await rejection(holding({ [PATH]: objectOf() }).prepare(SPEC))).message).to.contain('--results-claim');
  });

  it("with a claim is the user's, and stays", async () => {
    const { stored, prepare, connection } = holding({
      [PATH]: objectOf(),
      [CLAIM]: objectOf(),
      [JOB]: objectOf('c000001'),
    });
    expect(await prepare({ ...SPEC, claim: 'results' })).to.equal(undefined);
    stored.set(JOB, objectOf(SPEC.run));
    await removeRun(connection, SPEC, SPEC.run);
    expect([...stored.keys()])
      .to.include(PATH)
      .and.not.to.include(JOB);
  });

  it('is rejected without the claim of --results-claim', async () => {
    const claim = 'results';
    for (const objects of [{}, { [PATH]: objectOf() }])
      expect((await rejection(holding(objects).prepare({ ...SPEC, claim }))).message).to.contain(
        'has no PersistentVolumeClaim results',
      );
  });
});
