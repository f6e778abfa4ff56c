import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { carries, isThere, refusal, temporaryPaths } from './paths.ts';

const RUN = 'c0ffee1';

describe('the paths of a run', () => {
  let folder: string;
  let temporary: string;
  let report: string;
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'paths-')));
    temporary = join(folder, 'temporary');
    report = join(folder, 'reports', RUN);
    mkdirSync(temporary);
    mkdirSync(report, { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('contain its id as a word', () => {
    for (const name of [RUN, `kubeconfig-${RUN}-c1.json`, `x_${RUN}.d`])
      expect(carries(name, RUN), name).to.equal(true);
    for (const name of ['', 'other', `a${RUN}`, `${RUN}0`, 'c0ffee']) expect(carries(name, RUN), name).to.equal(false);
  });

  it('lie directly in a temporary folder or the report folder', () => {
    const why = (path: string): string | undefined => refusal(path, RUN, report, [temporary]);
    symlinkSync('/', join(temporary, 'root'));
    symlinkSync(temporary, join(folder, 'link'));
    mkdirSync(join(temporary, 'deep'));
    const ownPaths = [
      join(temporary, `eks-pod-identity-conformance-${RUN}`),
      join(report, `kubeconfig-${RUN}-c1.json`),
      join(folder, 'link', RUN),
      // Its folder no longer exists.
      join(folder, 'gone', RUN),
    ];
    for (const path of ownPaths) expect(why(path), path).to.equal(undefined);
    const otherPaths = [
      '/',
      '/etc',
      '',
      RUN,
      `./${RUN}`,
      `/etc/${RUN}`,
      `${temporary}/../${RUN}`,
      `${temporary}/${RUN}/`,
      `${temporary}/${RUN}/..`,
      join(temporary, 'deep', RUN),
      join(temporary, 'root', RUN),
      join(temporary, 'other'),
      join(report, 'results.json'),
      report,
      join(folder, 'reports'),
    ];
    for (const path of otherPaths) expect(why(path), path).to.be.a('string');
  });

  it('never include the report folder, even inside a temporary folder', () => {
    const inTemporary = join(temporary, RUN);
    mkdirSync(inTemporary);
    expect(refusal(inTemporary, RUN, inTemporary, [temporary])).to.equal('is the report folder');
  });

  it('are found by their names', () => {
    mkdirSync(join(temporary, `eks-pod-identity-conformance-${RUN}`));
    writeFileSync(join(temporary, `eks-pod-identity-conformance-${RUN}-Xy12`), '');
    for (const name of ['eks-pod-identity-conformance', `eks-pod-identity-conformance-${RUN}0`, `my-${RUN}`])
      mkdirSync(join(temporary, name));
    const found = temporaryPaths([temporary, join(folder, 'nowhere')]);
    expect(found.map(({ path, run }) => [path, run])).to.deep.equal([
      [join(temporary, `eks-pod-identity-conformance-${RUN}`), RUN],
      [join(temporary, `eks-pod-identity-conformance-${RUN}-Xy12`), RUN],
    ]);
  });

  it('exist even as dangling links', () => {
    symlinkSync('/nowhere', join(temporary, 'dangling'));
    writeFileSync(join(temporary, 'file'), '');
    expect(isThere(join(temporary, 'dangling'))).to.equal(true);
    expect(isThere(join(temporary, 'missing'))).to.equal(false);
    expect(isThere(join(temporary, 'file', 'below'))).to.equal(false);
  });
});
