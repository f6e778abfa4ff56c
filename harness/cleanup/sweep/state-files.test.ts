import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { JournalEntry } from '../../../foundation/node/journal.ts';
import { STATE_FILE } from '../journal.ts';
import { forget, readState } from './state-files.ts';

const network: JournalEntry = { kind: 'docker-network', name: 'eks-pod-identity-conformance-c000001' };
const account: JournalEntry = { kind: 'aws', accountId: '111122223333', region: 'us-west-2', endpoints: {} };
const path: JournalEntry = { kind: 'path', path: '/tmp/eks-pod-identity-conformance-c000001' };

describe('state files', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'journal-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const good = {
    version: 2,
    run: 'c000001',
    startedAt: '2026-01-01T00:00:00.000Z',
    process: { host: 'h', pid: 1, started: 's' },
    resources: [network, path, { kind: 'attachment', kubeconfig: 'k', context: 'c', nodes: ['n'] }, account],
  };
  const write = (value: unknown): string => {
    const file = join(folder, STATE_FILE);
    writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value));
    return file;
  };

  it('can be read after they are written', () => {
    expect(readState(write(good))).to.deep.equal(good);
  });

  it('can lose entries that another process has removed', () => {
    const file = write(good);
    forget(file, ({ kind }) => kind === 'aws');
    expect(readState(file)).to.deep.equal({ ...good, resources: good.resources.slice(0, 3) });
    forget(file, () => true);
    expect(readdirSync(folder)).to.deep.equal([]);
  });

  const broken: Record<string, unknown> = {
    'text that is not JSON': '{"version": 2, "run"',
    null: null,
    'another version': { ...good, version: 3 },
    'an empty run': { ...good, run: '' },
    'a run with a wildcard': { ...good, run: 'c00000.' },
    'an invalid time': { ...good, startedAt: 'yesterday' },
    'no process': { ...good, process: undefined },
    'a process without a number': { ...good, process: { ...good.process, pid: '1' } },
    'resources that are not a list': { ...good, resources: {} },
    'a resource without a kind': { ...good, resources: [{ name: 'x' }] },
    'a path that is not a string': { ...good, resources: [{ kind: 'path', path: ['/'] }] },
    'nodes with a wildcard': {
      ...good,
      resources: [{ kind: 'attachment', kubeconfig: '', context: '', nodes: ['.*'] }],
    },
    'an account without a number': { ...good, resources: [{ ...account, accountId: 'mine' }] },
    'endpoints that are not strings': { ...good, resources: [{ ...account, endpoints: { s3: 1 } }] },
    'nodes that are not strings': {
      ...good,
      resources: [{ kind: 'attachment', kubeconfig: '', context: '', nodes: [1] }],
    },
  };
  for (const [title, value] of Object.entries(broken))
    it(`are rejected with ${title}`, () => {
      expect(() => readState(write(value))).to.throw(
        /^it (is not JSON|does not have the form of a state file \((it|[a-z]\S*) must be [^\n]+\))$/,
      );
    });
});
