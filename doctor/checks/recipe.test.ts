import { cpSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { healthy } from '../../test/support/broken-snapshots.ts';
import { ROOT, temporaryFolder } from '../../test/support/run-cli.ts';

const [, recipe = ''] = /^## Add a check\n(.*?)^## /ms.exec(readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8')) ?? [];
const [check = '', section = ''] = [...recipe.matchAll(/^ *```ts\n(.*?)^ *```$/gms)].map(([, code = '']) => code);

const PROGRAM = `
import { readFileSync } from 'node:fs';
import { CHECK_SECTIONS, CHECKS } from './doctor/checks/index.ts';
import { checksPage } from './doctor/checks/page.ts';
import { planOf } from './doctor/migration/plan.ts';
import { findPod, followed } from './doctor/pod/follow.ts';
const snapshot = { version: 1, clusters: [JSON.parse(readFileSync(process.argv[2], 'utf8'))] };
const pod = findPod(snapshot, 'payments', 'deployment/ledger');
console.log(JSON.stringify({
  ids: CHECKS.map(({ id }) => id),
  page: checksPage(CHECK_SECTIONS),
  hops: followed(snapshot, pod).hops,
  accounts: planOf(snapshot).serviceAccounts,
}));
`;

interface Output {
  readonly ids: readonly string[];
  readonly page: string;
  readonly hops: readonly { readonly name: string; readonly state: string; readonly text: string }[];
  readonly accounts: readonly { readonly state: string; readonly blockers: readonly string[] }[];
}

describe('the recipe for a check in CONTRIBUTING.md', () => {
  it('adds a check to the list, the page, the hops of a pod and migrations, with one changed file', async () => {
    const folder = temporaryFolder();
    for (const name of readdirSync(ROOT)) if (name !== 'doctor') symlinkSync(join(ROOT, name), join(folder, name));
    cpSync(join(ROOT, 'doctor'), join(folder, 'doctor'), { recursive: true });
    writeFileSync(join(folder, 'doctor/checks/quarantine.ts'), check);
    const index = join(folder, 'doctor/checks/index.ts');
    const text = readFileSync(index, 'utf8').replace(/^( {2}Exposure: .*)$/m, `$1\n${section}`);
    writeFileSync(index, `import * as quarantine from './quarantine.ts';\n${text}`);
    writeFileSync(join(folder, 'program.ts'), PROGRAM);

    const snapshot = healthy();
    for (const { metadata } of snapshot.kubernetes.nodes)
      metadata.labels = { ...metadata.labels, 'example.com/quarantine': '' };
    writeFileSync(join(folder, 'snapshot.json'), JSON.stringify(snapshot));
    const { stdout } = await execa(process.execPath, ['--import=tsx', 'program.ts', 'snapshot.json'], { cwd: folder });
    const { ids, page, hops, accounts } = JSON.parse(stdout) as Output;

    expect(ids.at(-1)).to.equal('PID901');
    expect(page).to.match(/## Quarantine\n\n### PID901 A node is in quarantine\n/);
    expect(hops.find(({ name }) => name === 'network')).to.deep.equal({
      name: 'network',
      state: 'WARN',
      text: 'It has the label `example.com/quarantine`. (PID901)',
    });
    const blocked = accounts.filter(({ state }) => state === 'blocked');
    expect(blocked.flatMap(({ blockers }) => blockers)).to.deep.equal([
      'PID901 A node is in quarantine: It has the label `example.com/quarantine`. Move the pods to other nodes.',
    ]);
  });
});
