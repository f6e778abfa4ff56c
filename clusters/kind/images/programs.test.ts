import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { JAVASCRIPT } from '../../../components/clients/javascript/index.ts';
import { componentTag } from './build.ts';
import { librariesIn } from './clients.ts';
import { distOf } from '../../../test/support/images.ts';

describe('the tag of the component image', () => {
  let dist: string;
  beforeEach(() => {
    dist = mkdtempSync(join(tmpdir(), 'images-'));
    distOf(dist);
  });
  afterEach(() => rmSync(dist, { recursive: true }));

  const ingredients = { workload: JAVASCRIPT, base: 'sha256:1', node: 'v20.19.0 x64', settings: ['ENV A=1'] };

  it('is stable while no ingredient changes', () => {
    const tag = componentTag(dist, ingredients);
    expect(tag).to.match(/^[0-9a-f]{16}$/);
    // The image does not contain the code caches for this machine's Node.
    writeFileSync(join(dist, 'probe', 'sdk.cjs.v20.19.0.cache'), 'cache');
    expect(componentTag(dist, { ...ingredients })).to.equal(tag);
  });

  const changes: readonly [what: string, change: () => Partial<typeof ingredients>][] = [
    ['the base image', () => ({ base: 'sha256:2' })],
    ["this machine's Node", () => ({ node: 'v22.0.0 x64' })],
    ['its settings', () => ({ settings: ['ENV A=2'] })],
    ['the script', () => (writeFileSync(join(dist, 'image', 'collect.sh'), 'exit 1'), {})],
    ['a program', () => (writeFileSync(join(dist, 'image', 'root', 'webhook'), 'another'), {})],
    ['an additional program', () => (writeFileSync(join(dist, 'image', 'root', 'another'), ''), {})],
    ['the probe program', () => (writeFileSync(join(dist, 'probe', 'probe.cjs'), 'another'), {})],
  ];
  for (const [what, change] of changes) {
    it(`changes with ${what}`, () => {
      const tag = componentTag(dist, ingredients);
      expect(componentTag(dist, { ...ingredients, ...change() })).not.to.equal(tag);
    });
  }

  it('distinguishes files with the same concatenated contents', () => {
    writeFileSync(join(dist, 'image', 'root', 'webhook'), 'ab');
    writeFileSync(join(dist, 'image', 'root', 'x'), '');
    const tag = componentTag(dist, ingredients);
    writeFileSync(join(dist, 'image', 'root', 'webhook'), 'a');
    writeFileSync(join(dist, 'image', 'root', 'x'), 'b');
    expect(componentTag(dist, ingredients)).not.to.equal(tag);
  });
});

describe('the libraries of a program', () => {
  it("are read from ldd's output with glibc and musl", () => {
    const glibc = `\tlinux-vdso.so.1 (0x00007f6f01f2c000)
\tlibm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x00007f6f01e36000)
\tlibmissing.so.1 => not found
\t/lib64/ld-linux-x86-64.so.2 (0x00007f6f01f2e000)
`;
    expect(librariesIn(glibc)).to.deep.equal(['/lib/x86_64-linux-gnu/libm.so.6', '/lib64/ld-linux-x86-64.so.2']);
    const musl = `\t/lib/ld-musl-x86_64.so.1 (0x7f4a3c000000)
\tlibc.musl-x86_64.so.1 => /lib/ld-musl-x86_64.so.1 (0x7f4a3c000000)
`;
    expect(librariesIn(musl)).to.deep.equal(['/lib/ld-musl-x86_64.so.1', '/lib/ld-musl-x86_64.so.1']);
    expect(librariesIn('\tstatically linked\n')).to.deep.equal([]);
  });
});
