import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readDefinitions } from './definitions.ts';

const HEAD = 'subject: agent\nfolder: components/agent\n';
const fault = (name: string, more = '') =>
  `  - { name: ${name}, defect: wrong, incident: 'a/b#1', file: agent.ts, original: a, replacement: b${more} }\n`;

describe('fault files', () => {
  let folder = '';
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'faults-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const definitions = (text: string) => {
    writeFileSync(join(folder, 'agent.yaml'), text);
    return readDefinitions(folder);
  };

  it('name sources relative to their source folder, or by a path from the root', () => {
    const elsewhere = fault('two').replace('agent.ts', 'components/go/mux.ts');
    const all = definitions(`${HEAD}faults:\n${fault('one')}${elsewhere}`);
    expect(all.map(({ replacements: [one] }) => one?.file)).to.deep.equal([
      'components/agent/agent.ts',
      'components/go/mux.ts',
    ]);
  });

  it('set flags for all faults of a file, or for one fault', () => {
    const own = fault('two', ', flags: --suite load');
    const all = definitions(`${HEAD}flags: --agent-chart 0.2\nfaults:\n${fault('one')}${own}`);
    expect(all.map(({ flags }) => flags)).to.deep.equal(['--agent-chart 0.2', '--suite load']);
    expect(definitions(`${HEAD}faults:\n${fault('one')}`)[0]?.flags).to.equal('');
  });

  it('are rejected with the file name and the problem', () => {
    expect(() => definitions(`${HEAD}faults:\n${fault('One')}`)).to.throw(/agent\.yaml .*must be in kebab case/s);
    expect(() => definitions(`${HEAD}faults:\n${fault('one', ', flags: load')}`)).to.throw('must be one option');
    const nameless = fault('one').replace("incident: 'a/b#1', ", '');
    expect(() => definitions(`${HEAD}faults:\n${nameless}`)).to.throw('agent.yaml has the wrong form');
    expect(() => definitions(`${HEAD}faults:\n${fault('one')}${fault('one')}`)).to.throw('Two faults are named one');
  });
});
