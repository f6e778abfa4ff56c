import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { HarnessError } from '../../foundation/node/errors.ts';
import { writeWhole } from './write.ts';

describe('a report', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'write-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is written atomically, into a new folder', () => {
    const path = join(folder, 'new', 'a.json');
    expect(writeWhole(path, 'text')).to.equal(path);
    expect(readFileSync(path, 'utf8')).to.equal('text');
    expect(readdirSync(join(folder, 'new'))).to.deep.equal(['a.json']);
  });

  (existsSync('/dev/full') ? it : it.skip)('leaves no partial file on a full disk, and reports the problem', () => {
    symlinkSync('/dev/full', join(folder, 'a.json.part'));
    expect(() => writeWhole(join(folder, 'a.json'), 'text'))
      .to.throw(
        HarnessError,
        'a.json could not be written (the disk is full, ENOSPC): make room, or choose another place with --report-dir.',
      )
      .with.property('exitCode', 3);
    expect(readdirSync(folder)).to.deep.equal([]);
  });
});
