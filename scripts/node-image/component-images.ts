import { link, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeManifest, type ArchivedImage } from './image-archive.ts';
import type { Versions } from './versions.ts';

/** An image with one binary, with or without the iptables layer. */
export interface ComponentImage {
  /** Name that kubeadm or the DaemonSet's manifest uses. */
  readonly tag: string;
  readonly program: string;
  readonly binary: string;
  /** Path of the binary and entrypoint. kubeadm's manifests start CoreDNS by entrypoint, and most others by name. */
  readonly path: string;
  readonly withIptables?: boolean;
}

export function componentImages(versions: Versions): ComponentImage[] {
  const kubernetes = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy'].map((binary) => ({
    tag: `registry.k8s.io/${binary}:${versions.kubernetes.version}`,
    program: 'kubernetes',
    binary,
    path: `/usr/local/bin/${binary}`,
    withIptables: binary === 'kube-proxy',
  }));
  return [
    ...kubernetes,
    {
      tag: `registry.k8s.io/etcd:${versions.etcd.tag}`,
      program: 'etcd',
      binary: 'server',
      path: '/usr/local/bin/etcd',
    },
    {
      tag: `registry.k8s.io/coredns/coredns:${versions.coredns.version}`,
      program: 'coredns',
      binary: 'coredns',
      path: '/coredns',
    },
    { tag: `registry.k8s.io/pause:${versions.pause.tag}`, program: 'pause', binary: 'pause', path: '/pause' },
    {
      tag: KUBE_ROUTER_IMAGE,
      program: 'kube-router',
      binary: 'kube-router',
      path: '/usr/local/bin/kube-router',
      withIptables: true,
    },
  ];
}

/** Must match node/kind/manifests/default-cni.yaml. */
export const KUBE_ROUTER_IMAGE = 'docker.io/library/kube-router:local';

/** Writes layers and manifest of a `docker save` archive to a folder. @param pack packs a folder into a tar archive */
export async function writeComponentImages(
  folder: string,
  work: string,
  images: readonly ComponentImage[],
  binaries: Readonly<Record<string, string>>,
  pack: (archive: string, folder: string) => Promise<void>,
): Promise<void> {
  const archived: ArchivedImage[] = [];
  for (const { tag, program, binary, path, withIptables } of images) {
    const content = join(work, binary);
    await mkdir(join(content, dirname(path)), { recursive: true });
    await link(join(binaries[program] ?? '', binary), join(content, path));
    const layer = `${binary}.tar`;
    await pack(join(folder, layer), content);
    archived.push({
      tag,
      layers: withIptables === true ? [IPTABLES_LAYER, layer] : [layer],
      config: { Entrypoint: [path], Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'] },
    });
  }
  await writeManifest(folder, archived);
}

export const IPTABLES_LAYER = 'iptables.tar';
