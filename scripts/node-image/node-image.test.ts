import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import { Cache } from './cache.ts';
import { KUBE_ROUTER_IMAGE } from './component-images.ts';
import { goModAround } from './go-program.ts';
import { writeManifest } from './image-archive.ts';
import { checkDisk } from './requirements.ts';
import { FOLDER, recipeHash } from './versions.ts';

describe('node image', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'node-image-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  describe('recipe hash', () => {
    it('depends on the content, name and number of files, but not on tests', () => {
      const write = (name: string, content: string): void => writeFileSync(join(folder, name), content);
      const seen = new Set<string>();
      write('versions.json', '{}');
      seen.add(recipeHash(folder));
      write('versions.json', '{"kind":1}');
      seen.add(recipeHash(folder));
      write('other.json', '{"kind":1}');
      seen.add(recipeHash(folder));
      rmSync(join(folder, 'versions.json'));
      seen.add(recipeHash(folder));
      expect(seen.size).to.equal(4);
      write('some.test.ts', 'it');
      expect([...seen]).to.include(recipeHash(folder));
    });
  });

  describe('cache', () => {
    it('creates an entry only once', async () => {
      const cache = new Cache(folder);
      let made = 0;
      const get = (from: string): Promise<string> =>
        cache.get('thing', from, async (at) => writeFileSync(at, String((made += 1))));
      expect(readFileSync(await get('a'), 'utf8')).to.equal('1');
      expect(readFileSync(await get('a'), 'utf8')).to.equal('1');
      expect(readFileSync(await get('b'), 'utf8')).to.equal('2');
    });

    it('removes an incomplete entry', async () => {
      const cache = new Cache(folder);
      const failed = await cache
        .get('thing', 'a', async (at) => {
          writeFileSync(at, 'half');
          throw new Error('power cut');
        })
        .catch((error: Error) => error.message);
      expect(failed).to.equal('power cut');
      expect(readdirSync(folder)).to.deep.equal([]);
    });

    it('removes temporary files of exited processes only', () => {
      const ended = spawnSync(process.execPath, ['--version']).pid;
      mkdirSync(join(folder, `.tmp-${ended}-root`, 'etc'), { recursive: true });
      mkdirSync(join(folder, `.tmp-${process.pid}-root`));
      new Cache(folder);
      expect(readdirSync(folder)).to.deep.equal([`.tmp-${process.pid}-root`]);
    });

    it('keepOnly removes other versions of the same name', async () => {
      const cache = new Cache(folder);
      for (const name of ['node.tar', 'node.tar-a']) {
        for (const from of ['old', 'new']) await cache.get(name, from, async (at) => writeFileSync(at, from));
      }
      cache.keepOnly('node.tar', 'new');
      expect(existsSync(cache.path('node.tar', 'old'))).to.equal(false);
      expect(existsSync(cache.path('node.tar', 'new'))).to.equal(true);
      expect(existsSync(cache.path('node.tar-a', 'old'))).to.equal(true);
    });
  });

  it('replaces the staging folders of Kubernetes by published modules', () => {
    const program = { name: 'kubernetes', module: { module: 'k8s.io/kubernetes', version: 'v1.34.4' }, packages: [] };
    const own = 'module k8s.io/kubernetes\n\ngo 1.24.0\n\nreplace (\n\tk8s.io/api => ./staging/src/k8s.io/api\n)\n';
    expect(goModAround(program, own).split(/\n+/)).to.deep.equal([
      'module kubernetes',
      'go 1.24.0',
      'require k8s.io/kubernetes v1.34.4',
      'replace k8s.io/api => k8s.io/api v0.34.4',
      '',
    ]);
  });

  it('describes images by the digests of their layers, lowest first', async () => {
    writeFileSync(join(folder, 'low.tar'), 'a');
    writeFileSync(join(folder, 'high.tar'), 'b');
    await writeManifest(folder, [{ tag: 'one:1', layers: ['low.tar', 'high.tar'], config: { Entrypoint: ['/one'] } }]);
    const read = (file: string): unknown => JSON.parse(readFileSync(join(folder, file), 'utf8'));
    expect(read('manifest.json')).to.deep.equal([
      { Config: 'image-0.json', RepoTags: ['one:1'], Layers: ['low.tar', 'high.tar'] },
    ]);
    expect(read('image-0.json'))
      .to.have.property('rootfs')
      .that.deep.equals({
        type: 'layers',
        diff_ids: [
          'sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb',
          'sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d',
        ],
      });
  });

  it('contains the image that the default CNI uses', () => {
    const manifest = readFileSync(join(FOLDER, 'node', 'kind', 'manifests', 'default-cni.yaml'), 'utf8');
    const daemonSet = parseAllDocuments(manifest).find((document) => document.get('kind') === 'DaemonSet');
    const image = daemonSet?.getIn(['spec', 'template', 'spec', 'containers', 0, 'image']);
    expect(`docker.io/library/${String(image)}`).to.equal(KUBE_ROUTER_IMAGE);
  });

  it('rejects a disk with too little space', async () => {
    const refused = await checkDisk([folder], 1e9).catch((error: Error) => error.message);
    expect(refused).to.match(/has [\d.]+ GiB free, and the node image needs 1000000000 GiB\. /);
    expect(await checkDisk([folder], 0)).to.equal(undefined);
  });

  describe('with a missing tool', () => {
    /** Runs the command with only these tools, given as shell scripts. */
    function say(tools: Readonly<Record<string, string>>): { status: number | null; errors: string } {
      const path = join(folder, 'bin');
      mkdirSync(path);
      for (const [tool, script] of Object.entries(tools)) {
        writeFileSync(join(path, tool), `#!/bin/sh\n${script}\n`);
        chmodSync(join(path, tool), 0o755);
      }
      const { status, stderr } = spawnSync(
        process.execPath,
        ['--import', 'tsx', 'bin/cli/main.ts', 'kind-node-image'],
        {
          env: { PATH: path, XDG_CACHE_HOME: join(folder, 'cache') },
          encoding: 'utf8',
        },
      );
      return { status, errors: stderr };
    }

    /** An engine without the image. */
    const docker = 'test "$1" = image && exit 1; echo /nowhere';

    it('reports missing docker', () => {
      const { status, errors } = say({});
      expect(status).to.equal(3);
      expect(errors).to.match(/^docker is not installed\. .*apt-get install docker\.io\.\n$/);
    });

    it('reports an unreachable engine', () => {
      const { status, errors } = say({ docker: 'echo "Cannot connect." >&2; exit 1' });
      expect(status).to.equal(3);
      expect(errors).to.match(/^Cannot connect to a Docker engine \(Cannot connect\.\)\. .*\n$/);
    });

    it('rejects an old Go version', () => {
      const { status, errors } = say({ docker, go: 'echo go version go1.19.8 linux/amd64' });
      expect(status).to.equal(3);
      expect(errors).to.match(/^Go 1\.19 is too old\. Kubernetes and kind require Go 1\.24 or later\. .*\n$/);
    });

    it('reports missing debootstrap and its package', () => {
      const { status, errors } = say({ docker, go: 'echo go version go1.26.0 linux/amd64' });
      expect(status).to.equal(3);
      expect(errors).to.match(/^debootstrap is not installed\. .*apt-get install debootstrap\.\n$/);
    });
  });
});
