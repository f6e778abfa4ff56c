import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { JournalEntry } from '../../foundation/journal.ts';
import { openJournal, readState, STATE_FILE, stateFiles, forget } from './journal.ts';
import { thisProcess } from './process-identity.ts';

const network: JournalEntry = { kind: 'docker-network', name: 'eks-pod-identity-conformance-c000001' };
const account: JournalEntry = { kind: 'aws', accountId: '111122223333', region: 'us-west-2', endpoints: {} };
const path: JournalEntry = { kind: 'path', path: '/tmp/eks-pod-identity-conformance-c000001' };

describe('the journal', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'journal-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('has on disk what is about to be made, until it is removed', () => {
    const journal = openJournal(folder, 'c000001');
    const file = join(folder, STATE_FILE);
    expect(existsSync(file)).to.equal(false);
    journal.add(network);
    expect(readState(file)).to.deep.include({ run: 'c000001', process: thisProcess(), resources: [network] });
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    journal.add(path);
    journal.add({ ...network });
    expect(readState(file).resources).to.deep.equal([network, path]);
    journal.forget({ ...network });
    expect(readState(file).resources).to.deep.equal([path]);
    expect(journal.left()).to.deep.equal([path]);
    journal.forget(path);
    journal.forget(path);
    expect(readdirSync(folder)).to.deep.equal([]);
  });

  it('keeps the state file that another run left in the same folder', () => {
    const first = openJournal(folder, 'c000001');
    first.add(network);
    const second = openJournal(folder, 'c000002');
    second.add(path);
    const files = stateFiles(folder);
    expect(files).to.deep.equal([join(folder, 'state-c000002.json'), join(folder, STATE_FILE)]);
    expect(files.map((file) => readState(file).run)).to.deep.equal(['c000002', 'c000001']);
    second.forget(path);
    expect(stateFiles(folder)).to.deep.equal([join(folder, STATE_FILE)]);
  });

  it('forgets what another process finds gone', () => {
    const journal = openJournal(folder, 'c000001');
    journal.add(account);
    journal.add(path);
    const file = join(folder, STATE_FILE);
    forget(file, ({ kind }) => kind === 'aws');
    expect(readState(file)).to.deep.include({ run: 'c000001', resources: [path] });
    forget(file, () => true);
    expect(readdirSync(folder)).to.deep.equal([]);
  });

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

  it('reads what it wrote', () => {
    expect(readState(write(good))).to.deep.equal(good);
  });

  it('reads what an older release wrote, and writes it as it does its own', () => {
    const { resources, ...rest } = good;
    const file = write({ ...rest, version: 1, makings: resources });
    expect(readState(file)).to.deep.equal(good);
    forget(file, ({ kind }) => kind === 'aws');
    expect(JSON.parse(readFileSync(file, 'utf8'))).to.deep.include({ version: 2, resources: resources.slice(0, 3) });
  });

  const broken: Record<string, unknown> = {
    'no JSON': '{"version": 2, "run"',
    null: null,
    'another version': { ...good, version: 3 },
    'an empty run': { ...good, run: '' },
    'a run that is a pattern': { ...good, run: 'c00000.' },
    'no time': { ...good, startedAt: 'yesterday' },
    'no process': { ...good, process: undefined },
    'a process without a number': { ...good, process: { ...good.process, pid: '1' } },
    'resources that are no list': { ...good, resources: {} },
    'a resource of no kind': { ...good, resources: [{ name: 'x' }] },
    'a path that is no text': { ...good, resources: [{ kind: 'path', path: ['/'] }] },
    'nodes that are a pattern': {
      ...good,
      resources: [{ kind: 'attachment', kubeconfig: '', context: '', nodes: ['.*'] }],
    },
    'an account without a number': { ...good, resources: [{ ...account, accountId: 'mine' }] },
    'endpoints that are no texts': { ...good, resources: [{ ...account, endpoints: { s3: 1 } }] },
    'nodes that are no texts': {
      ...good,
      resources: [{ kind: 'attachment', kubeconfig: '', context: '', nodes: [1] }],
    },
  };
  for (const [title, value] of Object.entries(broken))
    it(`refuses ${title}`, () => {
      expect(() => readState(write(value))).to.throw(
        /^it (is no JSON|does not have the form of a state file \((it|[a-z]\S*) must be [^\n]+\))$/,
      );
    });
});
