import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { HarnessError } from '../../foundation/node/errors.ts';
import { readSnapshot, writeSnapshot } from './file.ts';
import type { Snapshot } from './snapshot.ts';

const SNAPSHOT: Snapshot = {
  version: 1,
  clusters: [
    {
      context: 'prod',
      server: 'https://prod',
      takenAt: '2026-11-30T12:00:00.000Z',
      kubernetes: { namespaces: [{ metadata: { name: 'payments' } }] },
      aws: { region: 'us-west-2', roles: { 'arn:aws:iam::111122223333:role/gone': null }, instanceProfiles: {} },
      gaps: [{ right: 'list pods', reason: 'Forbidden' }],
    },
  ],
};

describe('a snapshot file', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'snapshot-'));
    file = join(folder, 'snapshot.json');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const problem = (work: () => unknown): string => {
    try {
      work();
    } catch (error) {
      expect(error).to.be.instanceOf(HarnessError).and.to.include({ code: 'BAD_FILE', exitCode: 2 });
      return (error as Error).message;
    }
    throw new Error('there was no error');
  };
  const problemOf = (content: unknown): string => {
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    return problem(() => readSnapshot(file));
  };

  it('contains the snapshot, for its owner only', () => {
    writeFileSync(file, 'x'.repeat(10_000), { mode: 0o644 });
    writeSnapshot(file, SNAPSHOT);
    expect(readSnapshot(file)).to.deep.equal(SNAPSHOT);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    expect(readFileSync(file, 'utf8')).to.match(/\}\n$/);
  });

  it('is not written into a missing folder', () => {
    const there = join(folder, 'none', 'file');
    expect(problem(() => writeSnapshot(there, SNAPSHOT))).to.contain(`${there} cannot be written`);
  });

  it('is rejected if it does not exist', () => {
    expect(problem(() => readSnapshot(file))).to.contain(`${file} cannot be read`);
  });

  it('is rejected if it has another version', () => {
    expect(problemOf({ ...SNAPSHOT, version: 2 })).to.contain(
      `${file} is not a snapshot: version must be 1, not 2. Take one with`,
    );
  });

  for (const [what, content, part] of [
    ['no JSON', 'apiVersion: v1', 'it is not JSON'],
    ['an empty file', '', 'it is not JSON'],
    ['null', null, 'must be an object'],
    ['a report', { scenarios: [] }, 'version must be 1, not missing'],
    ['no clusters', { version: 1 }, 'clusters must be a list, not missing'],
    [
      'a pod without a name',
      { version: 1, clusters: [{ ...SNAPSHOT.clusters[0], kubernetes: { pods: [{ metadata: {} }] } }] },
      'clusters[0].kubernetes.pods[0].metadata.name must be a string',
    ],
  ] as const)
    it(`is rejected with ${what}`, () => {
      expect(problemOf(content)).to.contain(file).and.to.contain(part).and.to.contain('Take one with');
    });
});
