import type { Docker } from '../../harness/cleanup/sweep/docker.ts';

export interface FakeContainer {
  readonly name: string;
  readonly run?: string;
  readonly kindCluster?: string;
  readonly networks?: readonly string[];
}

/** A fake Docker, with its objects and all commands that changed something. */
export class FakeDocker {
  containers: FakeContainer[] = [];
  networks: { readonly name: string; readonly run?: string; readonly pid?: number; readonly host?: string }[] = [];
  volumes: { readonly name: string; readonly run?: string }[] = [];
  /** Images by `repository:tag`. `run` is the value of the image's label. */
  images: { readonly name: string; readonly run?: string }[] = [];
  readonly changes: string[] = [];
  /** Names of objects that cannot be removed. */
  readonly stuck = new Set<string>();
  /** Called after each change, to simulate concurrent changes. */
  meanwhile: (change: string) => void = () => undefined;

  run: Docker = async (args) => {
    const [noun = '', verb = ''] = args;
    if (noun === 'ps')
      return table(this.containers, ({ name, run, kindCluster, networks }) => [
        `id-${name}`,
        name,
        run,
        kindCluster,
        networks?.join(','),
        CREATED,
      ]);
    if (verb === 'ls' && noun === 'network')
      return table(this.networks, ({ name, run, pid, host }) => [`id-${name}`, name, run, pid, host, CREATED]);
    if (verb === 'ls' && noun === 'volume') return table(this.volumes, ({ name, run }) => [name, run]);
    if (verb === 'ls' && noun === 'image')
      return args.includes('--filter')
        ? table(
            this.images.filter(({ run }) => run !== undefined),
            ({ name }) => [`sha256:${name}`],
          )
        : table(this.images, ({ name }) => [name, `sha256:${name}`]);
    if (verb === 'inspect' && noun === 'image')
      return table(
        this.images.filter(({ name }) => args.includes(`sha256:${name}`)),
        ({ name, run }) => [`sha256:${name}`, run],
      );
    this.#change(args);
    return '';
  };

  #change(args: readonly string[]): void {
    const name = (args.at(-1) ?? '').replace(/^(id-|sha256:)/, '');
    const rest = <T extends { readonly name: string }>(all: readonly T[]): T[] => {
      if (!all.some((one) => one.name === name)) throw new Error(`Error: No such object: ${name}`);
      if (this.stuck.has(name)) throw new Error(`Error response from daemon: ${name} is stuck`);
      return all.filter((one) => one.name !== name);
    };
    const what = args.filter((word) => !word.startsWith('--')).slice(0, 2);
    if (what[0] === 'rm') this.containers = rest(this.containers);
    else if (what.join(' ') === 'network rm') {
      if (this.containers.some(({ networks }) => networks?.includes(name)))
        throw new Error(`Error response from daemon: network ${name} has active endpoints`);
      this.networks = rest(this.networks);
    } else if (what.join(' ') === 'volume rm') this.volumes = rest(this.volumes);
    else if (what.join(' ') === 'image rm') this.images = rest(this.images);
    else if (what.join(' ') === 'network disconnect') {
      const network = (args.at(-2) ?? '').replace(/^id-/, '');
      this.containers = this.containers.map((container) =>
        container.name === name
          ? { ...container, networks: container.networks?.filter((other) => other !== network) ?? [] }
          : container,
      );
    } else throw new Error(`docker: unknown command ${args.join(' ')}`);
    this.changes.push(args.join(' '));
    this.meanwhile(args.join(' '));
  }
}

const CREATED = '2026-01-01 10:00:00.123456789 +0000 UTC';

function table<T>(rows: readonly T[], cells: (row: T) => readonly (string | number | undefined)[]): string {
  return rows
    .map(
      (row) =>
        `${cells(row)
          .map((cell) => cell ?? '')
          .join('\t')}\n`,
    )
    .join('');
}
