import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HarnessError } from '../../foundation/node/errors.ts';
import type { Cache } from './cache.ts';
import { step, type Terminal } from './terminal.ts';
import { ask, runTool } from './tool.ts';
import { FOLDER, type GoModule, type Versions } from './versions.ts';

/** Programs that are built from one Go module. */
export interface GoProgram {
  readonly name: string;
  readonly module?: GoModule;
  /** Import paths of the main packages; empty where `source` is the one. */
  readonly packages: readonly string[];
  /** File of the recipe that is the main package. */
  readonly source?: string;
  /** Variables that the linker sets: import path and name, value. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** The programs of a node, the slowest first. */
export function goPrograms(versions: Versions): GoProgram[] {
  const { kubernetes, etcd, coredns, kubeRouter } = versions;
  const [, major = '', minor = ''] = /^v(\d+)\.(\d+)/.exec(kubernetes.version) ?? [];
  const commands = [
    'kube-apiserver',
    'kube-controller-manager',
    'kube-scheduler',
    'kubelet',
    'kubeadm',
    'kube-proxy',
    'kubectl',
  ];
  const variables = { gitVersion: kubernetes.version, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' };
  return [
    {
      name: 'kubernetes',
      module: kubernetes,
      packages: commands.map((command) => `${kubernetes.module}/cmd/${command}`),
      variables: Object.fromEntries(
        ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((path) =>
          Object.entries(variables).map(([name, value]) => [`${path}.${name}`, value]),
        ),
      ),
    },
    { name: 'kube-router', module: kubeRouter, packages: [`${kubeRouter.module}/cmd/kube-router`] },
    { name: 'coredns', module: coredns, packages: [], source: 'coredns/main.go' },
    { name: 'etcd', module: etcd, packages: [etcd.module] },
    { name: 'pause', packages: [], source: 'pause/main.go' },
  ];
}

/** The `kind` command itself. */
export const kindProgram = ({ kind }: Versions): GoProgram => ({
  name: 'kind',
  module: kind,
  packages: [kind.module],
});

/**
 * A folder with the programs' binaries, static and named as Go names them.
 *
 * Kubernetes' module replaces `k8s.io/*` with folders that its published form leaves out; the same code is published
 * as modules of their own, which a go.mod around it names instead.
 */
export async function buildGoProgram(
  program: GoProgram,
  { cache, terminal, signal }: { cache: Cache; terminal: Terminal; signal: AbortSignal },
): Promise<string> {
  const source = program.source === undefined ? '' : readFileSync(join(FOLDER, program.source), 'utf8');
  const key = JSON.stringify([process.arch, program, source]);
  return cache.get(`go-${program.name}`, key, (at) =>
    step(terminal, `build ${[program.name, program.module?.version].join(' ').trim()}`, () =>
      cache.temporary(`module-${program.name}`, async (work) => {
        mkdirSync(work);
        mkdirSync(at);
        const own = program.module && readFileSync((await moduleFiles(program.module)).GoMod, 'utf8');
        writeFileSync(join(work, 'go.mod'), goModAround(program, own ?? ''));
        if (program.source !== undefined) copyFileSync(join(FOLDER, program.source), join(work, 'main.go'));
        const variables = Object.entries(program.variables ?? {}).map(([name, value]) => `-X ${name}=${value}`);
        await runTool(
          [
            'go',
            'build',
            '-mod=mod',
            '-trimpath',
            `-ldflags=${['-s', '-w', ...variables].join(' ')}`,
            '-o',
            `${at}/`,
            ...(program.source === undefined ? program.packages : ['.']),
          ],
          {
            doing: `Building ${program.name}`,
            log: join(cache.folder, 'logs', `go-${program.name}.log`),
            cwd: work,
            env: { CGO_ENABLED: '0', GOWORK: 'off' },
            terminal,
            signal,
          },
        );
      }),
    ),
  );
}

/**
 * The go.mod of a module around a program.
 *
 * @param goMod The program's own.
 */
export function goModAround({ name, module }: GoProgram, goMod: string): string {
  const goLine = /^go .*$/m.exec(goMod)?.[0] ?? 'go 1.24';
  if (module === undefined) return `module ${name}\n\n${goLine}\n`;
  const staged = [...goMod.matchAll(/^\s*(?:replace )?(\S+) => \.\/staging\//gm)].map((match) => match[1] ?? '');
  // Kubernetes v1.34.4 publishes them as v0.34.4.
  const version = module.version.replace(/^v1\./, 'v0.');
  return [
    `module ${name}`,
    goLine,
    `require ${module.module} ${module.version}`,
    ...staged.map((one) => `replace ${one} => ${one} ${version}`),
    '',
  ].join('\n\n');
}

/** Fetches a module; gives the folder of its files and its go.mod. */
export async function moduleFiles(module: GoModule): Promise<{
  readonly Dir: string;
  readonly GoMod: string;
}> {
  const { output, errors } = await ask('go', ['mod', 'download', '-json', `${module.module}@${module.version}`]);
  const answer = JSON.parse(output || '{}') as { Dir?: string; GoMod?: string; Error?: string };
  if (answer.Dir === undefined || answer.GoMod === undefined) {
    throw new HarnessError(
      'PROVISIONING_FAILED',
      `Go could not fetch the module ${module.module}@${module.version} (${answer.Error ?? errors}): a module proxy must be reachable (GOPROXY).`,
    );
  }
  return { Dir: answer.Dir, GoMod: answer.GoMod };
}
