import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HarnessError } from '../../foundation/node/errors.ts';
import type { Cache } from './cache.ts';
import { componentImages, IPTABLES_LAYER, writeComponentImages, type ComponentImage } from './component-images.ts';
import { HASH_LABEL } from './docker.ts';
import { moduleFiles } from './go-program.ts';
import { writeManifest } from './image-archive.ts';
import { step, type Terminal } from './terminal.ts';
import { ask, runTool, type ToolOptions } from './tool.ts';
import { FOLDER, nodeImage, type Versions } from './versions.ts';

interface Context {
  readonly cache: Cache;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** Packages of kind's base image, with Debian's containerd and CNI plugins. */
const PACKAGES = [
  ...['systemd', 'systemd-sysv', 'dbus', 'kmod', 'procps', 'curl', 'ca-certificates', 'jq'],
  ...['containerd', 'runc', 'containernetworking-plugins'],
  ...['iptables', 'nftables', 'ipset', 'iproute2', 'iputils-ping', 'conntrack', 'ethtool', 'socat'],
];

export async function debianArchive({ debian }: Versions, context: Context): Promise<string> {
  const { cache, terminal } = context;
  return cache.get('debian.tar', JSON.stringify([process.arch, debian, PACKAGES]), (at) =>
    step(terminal, `install Debian ${debian.release}`, () =>
      cache.temporary('debian', async (folder) => {
        const packages = `--include=${PACKAGES.join(',')}`;
        await runTool(['debootstrap', '--variant=minbase', packages, debian.release, folder], {
          ...logged('debian', context),
          doing: `Installing Debian ${debian.release}`,
        });
        await pack(at, folder, context);
      }),
    ),
  );
}

/** Copied from kind's images/base/Dockerfile. systemd reads `container`, and shuts down on this signal. */
const CONFIG = {
  Env: ['container=docker', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
  Entrypoint: ['/usr/local/bin/entrypoint', '/sbin/init'],
  StopSignal: 'SIGRTMIN+3',
};

export async function nodeArchive(
  at: string,
  hash: string,
  versions: Versions,
  debian: string,
  binaries: Readonly<Record<string, string>>,
  context: Context,
): Promise<void> {
  const images = componentImages(versions);
  await checkImages(images, versions, binaries);
  await context.cache.temporary('node', async (folder) => {
    const root = join(folder, 'root');
    const archive = join(folder, 'images');
    const image = join(folder, 'image');
    for (const one of [root, archive, image]) mkdirSync(one, { recursive: true });

    const unpack = ['tar', '--extract', '--file', debian, '--directory', root, '--numeric-owner'] as const;
    await runTool(unpack, { ...logged('unpack', context), doing: 'Unpacking Debian' });
    await copyFiles(root, versions, binaries);
    await runScript('install', root, context, {
      env: { PAUSE_TAG: versions.pause.tag, KUBERNETES_VERSION: versions.kubernetes.version },
    });

    await runScript('networking-layer', root, context, { output: join(archive, IPTABLES_LAYER) });
    await writeComponentImages(archive, join(folder, 'content'), images, binaries, (layer, content) =>
      pack(layer, content, context),
    );
    await pack(join(root, 'images.tar'), archive, context);
    await runScript('import-images', root, context);

    await pack(join(image, 'layer.tar'), root, context, ['./dev/*', './proc/*', './sys/*', './run/*', './tmp/*']);
    const config = { ...CONFIG, Labels: { [HASH_LABEL]: hash } };
    await writeManifest(image, [{ tag: nodeImage(versions), layers: ['layer.tar'], config }]);
    await pack(at, image, context);
  });
}

/** Checks that versions.json has the image versions that kubeadm expects. */
async function checkImages(
  images: readonly ComponentImage[],
  { kubernetes }: Versions,
  binaries: Readonly<Record<string, string>>,
): Promise<void> {
  const list = ['config', 'images', 'list', '--kubernetes-version', kubernetes.version];
  const { output } = await ask(join(binaries['kubernetes'] ?? '', 'kubeadm'), list);
  const missing = output.split('\n').filter((tag) => !images.some((image) => image.tag === tag));
  if (missing.length > 0) {
    throw new HarnessError(
      'PROVISIONING_FAILED',
      `kubeadm ${kubernetes.version} expects ${missing.join(' and ')}, but versions.json contains other versions. Change them there.`,
    );
  }
}

async function runScript(
  name: string,
  root: string,
  context: Context,
  options: Pick<ToolOptions, 'env' | 'output'> = {},
): Promise<void> {
  const script = readFileSync(join(FOLDER, `${name}.sh`), 'utf8');
  await runTool(['bash', '-c', script], { ...logged(name, context), ...options, doing: `${name}.sh`, root });
}

async function copyFiles(root: string, versions: Versions, binaries: Readonly<Record<string, string>>): Promise<void> {
  const kindFiles = join((await moduleFiles(versions.kind)).Dir, 'images', 'base', 'files');
  for (const from of [kindFiles, join(FOLDER, 'node')]) {
    for (const entry of readdirSync(from, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const source = join(entry.parentPath, entry.name);
      const target = join(root, source.slice(from.length));
      mkdirSync(join(target, '..'), { recursive: true });
      copyFileSync(source, target);
      // Go modules have no file modes. Only these folders contain programs.
      chmodSync(target, /\/(?:usr\/local|kind)\/bin\//.test(target) ? 0o755 : 0o644);
    }
  }
  for (const binary of ['kubelet', 'kubeadm', 'kubectl'])
    copyFileSync(join(binaries['kubernetes'] ?? '', binary), join(root, 'usr', 'bin', binary));
}

async function pack(archive: string, folder: string, context: Context, exclude: readonly string[] = []): Promise<void> {
  const excluded = exclude.map((one) => `--exclude=${one}`);
  const how = ['--numeric-owner', '--sort=name', ...excluded];
  await runTool(['tar', '--create', '--file', archive, '--directory', folder, ...how, '.'], {
    ...logged('pack', context),
    doing: `Packing ${folder}`,
  });
}

const logged = (
  name: string,
  { cache, terminal, signal }: Context,
): Pick<ToolOptions, 'log' | 'terminal' | 'signal'> => ({
  log: join(cache.folder, 'logs', `${name}.log`),
  terminal,
  signal,
});
