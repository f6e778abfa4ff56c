import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HarnessError } from '../../foundation/node/errors.ts';
import type { Cache } from './cache.ts';
import { step, type Terminal } from './terminal.ts';
import { ask, runTool } from './tool.ts';
import { FOLDER, type GoModule, type Versions } from './versions.ts';

interface GoProgram {
  readonly name: string;
  readonly module?: GoModule;
  /** Import paths. Empty if `source` is the main package. */
  readonly packages: readonly string[];
  /** File of the recipe that contains the main package. */
  readonly source?: string;
  /** Values of linker variables, by import path and name. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** Returns the programs to build, slowest first. */
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

export const kindProgram = ({ kind }: Versions): GoProgram => ({
  name: 'kind',
  module: kind,
  packages: [kind.module],
});

/**
 * Builds static binaries and returns their folder. Kubernetes' published module lacks its `k8s.io/*` staging modules, so a
 * surrounding go.mod refers to the separately published modules.
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
        const moduleFile = program.module && readFileSync((await moduleFiles(program.module)).GoMod, 'utf8');
        writeFileSync(join(work, 'go.mod'), goModAround(program, moduleFile ?? ''));
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

/** @param goMod go.mod of the program's module */
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

export async function moduleFiles(module: GoModule): Promise<{
  readonly Dir: string;
  readonly GoMod: string;
}> {
  const { output, errors } = await ask('go', ['mod', 'download', '-json', `${module.module}@${module.version}`]);
  const answer = JSON.parse(output || '{}') as { Dir?: string; GoMod?: string; Error?: string };
  if (answer.Dir === undefined || answer.GoMod === undefined) {
    throw new HarnessError(
      'PROVISIONING_FAILED',
      `Go failed to download ${module.module}@${module.version} (${answer.Error ?? errors}). Check that a module proxy is reachable (GOPROXY).`,
    );
  }
  return { Dir: answer.Dir, GoMod: answer.GoMod };
}
