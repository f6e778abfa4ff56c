import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Making } from '../../foundation/journal.ts';
import { openLedger, readState, STATE_FILE, stateFiles, strike } from './journal.ts';
import { thisProcess } from './process-identity.ts';

const network: Making = { kind: 'docker-network', name: 'eks-pod-identity-conformance-c000001' };
const account: Making = { kind: 'aws', accountId: '111122223333', region: 'us-west-2', endpoints: {} };
const path: Making = { kind: 'path', path: '/tmp/eks-pod-identity-conformance-c000001' };

describe('the ledger', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ledger-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('has on disk what is about to be made, until it is removed', () => {
    const ledger = openLedger(folder, 'c000001');
    const file = join(folder, STATE_FILE);
    expect(existsSync(file)).to.equal(false);
    ledger.willMake(network);
    expect(readState(file)).to.deep.include({ run: 'c000001', process: thisProcess(), makings: [network] });
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    ledger.willMake(path);
    ledger.willMake({ ...network });
    expect(readState(file).makings).to.deep.equal([network, path]);
    ledger.removed({ ...network });
    expect(readState(file).makings).to.deep.equal([path]);
    expect(ledger.left()).to.deep.equal([path]);
    ledger.removed(path);
    ledger.removed(path);
    expect(readdirSync(folder)).to.deep.equal([]);
  });

  it('keeps the state file that another run left in the same folder', () => {
    const first = openLedger(folder, 'c000001');
    first.willMake(network);
    const second = openLedger(folder, 'c000002');
    second.willMake(path);
    const files = stateFiles(folder);
    expect(files).to.deep.equal([join(folder, 'state-c000002.json'), join(folder, STATE_FILE)]);
    expect(files.map((file) => readState(file).run)).to.deep.equal(['c000002', 'c000001']);
    second.removed(path);
    expect(stateFiles(folder)).to.deep.equal([join(folder, STATE_FILE)]);
  });

  it('forgets what another process finds gone', () => {
    const ledger = openLedger(folder, 'c000001');
    ledger.willMake(account);
    ledger.willMake(path);
    const file = join(folder, STATE_FILE);
    strike(file, ({ kind }) => kind === 'aws');
    expect(readState(file)).to.deep.include({ run: 'c000001', makings: [path] });
    strike(file, () => true);
    expect(readdirSync(folder)).to.deep.equal([]);
  });

  const good = {
    version: 1,
    run: 'c000001',
    startedAt: '2026-01-01T00:00:00.000Z',
    process: { host: 'h', pid: 1, started: 's' },
    makings: [network, path, { kind: 'attachment', kubeconfig: 'k', context: 'c', nodes: ['n'] }, account],
  };
  const write = (value: unknown): string => {
    const file = join(folder, STATE_FILE);
    writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value));
    return file;
  };

  it('reads what it wrote', () => {
    expect(readState(write(good))).to.deep.equal(good);
  });

  const broken: Record<string, unknown> = {
    'no JSON': '{"version": 1, "run"',
    null: null,
    'another version': { ...good, version: 2 },
    'an empty run': { ...good, run: '' },
    'a run that is a pattern': { ...good, run: 'c00000.' },
    'no time': { ...good, startedAt: 'yesterday' },
    'no process': { ...good, process: undefined },
    'a process without a number': { ...good, process: { ...good.process, pid: '1' } },
    'makings that are no list': { ...good, makings: {} },
    'a making of no kind': { ...good, makings: [{ name: 'x' }] },
    'a path that is no text': { ...good, makings: [{ kind: 'path', path: ['/'] }] },
    'nodes that are a pattern': {
      ...good,
      makings: [{ kind: 'attachment', kubeconfig: '', context: '', nodes: ['.*'] }],
    },
    'an account without a number': { ...good, makings: [{ ...account, accountId: 'mine' }] },
    'endpoints that are no texts': { ...good, makings: [{ ...account, endpoints: { s3: 1 } }] },
    'nodes that are no texts': { ...good, makings: [{ kind: 'attachment', kubeconfig: '', context: '', nodes: [1] }] },
  };
  for (const [title, value] of Object.entries(broken))
    it(`refuses ${title}`, () => {
      expect(() => readState(write(value))).to.throw(/^it (is no JSON|does not have the form of a state file)$/);
    });
});
