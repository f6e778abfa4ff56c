import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { JournalEntry } from '../../foundation/node/journal.ts';
import { openJournal, STATE_FILE } from './journal.ts';
import { thisProcess } from './process-identity.ts';
import { readState, stateFiles } from './sweep/state-files.ts';

const network: JournalEntry = { kind: 'docker-network', name: 'eks-pod-identity-conformance-c000001' };
const path: JournalEntry = { kind: 'path', path: '/tmp/eks-pod-identity-conformance-c000001' };

describe('the journal', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'journal-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('stores each resource on disk until it is removed', () => {
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

  it("keeps another run's state file in the same folder", () => {
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
});
