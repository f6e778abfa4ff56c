import { EXIT } from '../../foundation/node/errors.ts';
import type { NamedContext } from '../../foundation/node/named-context.ts';
import { option, textsOf, type OptionSpec } from '../../foundation/node/options.ts';
import type { GivenOptions } from '../../harness/config/read-options.ts';
import type { Io } from '../../foundation/node/io.ts';
import type { Status } from '../../harness/standalone/status.ts';
import { AGENT_ARGS, AGENT_CHART, AGENT_IMAGE, READY_TIMEOUT } from '../../clusters/interface/shared-options.ts';
import { ACCOUNT_ID, REGION, WORLD } from './emulator-options.ts';
import type { Command } from './command.ts';

export const CONTEXT: readonly OptionSpec[] = [
  option.text('context NAME', 'use the cluster of this context (default: the current one)'),
  option.text('kubeconfig FILE', 'use this kubeconfig (default: $KUBECONFIG or ~/.kube/config)'),
];
/** Options that kind's cluster type takes. */
const KIND_OPTIONS: readonly OptionSpec[] = [AGENT_IMAGE, AGENT_ARGS, AGENT_CHART, READY_TIMEOUT].map(
  ({ conflicts: _, ...one }) => one,
);

export async function contextOf(given: GivenOptions): Promise<NamedContext> {
  const { readContext } = await import('../../foundation/node/named-context.ts');
  return readContext(textsOf(given, { kubeconfig: 'kubeconfig', context: 'context' }));
}

export const UP: Command = {
  name: 'up',
  summary: 'install the emulated AWS with agent and webhook in your kind cluster',
  about: `Install the emulated AWS, the Pod Identity agent and the webhook in an existing kind cluster, and leave them running. The
cluster's pods use it by AWS_ENDPOINT_URL in their manifest. See docs/test-your-operator.md.`,
  options: [
    ...CONTEXT,
    WORLD,
    ACCOUNT_ID,
    REGION,
    option.text('image-base IMAGE', 'build the images of agent, webhook and emulator from this base (docs/kind.md)'),
    ...KIND_OPTIONS,
  ],
  remarks:
    'Exit codes: 0 installed; 2 wrong usage, an unreadable world, or a cluster that must not be changed; 3 the installation failed and was removed; 130 interrupted and removed.',
  async run(given, io) {
    const signal = io.interruption('\nInterrupted, removing the emulated AWS.\n');
    const [named, { up }, { readWorld, resolveWorld }] = await Promise.all([
      contextOf(given),
      import('../../harness/standalone/up.ts'),
      import('../../harness/standalone/read-world.ts'),
    ]);
    const [file, base, accountId = '', region = ''] = ['world', 'image-base', 'account-id', 'region'].map(given.text);
    const progress = (line: string): void => void io.stderr.write(`${line}\n`);
    const world = file === undefined ? resolveWorld({}, 'world') : readWorld(file);
    const { kubeconfig } = textsOf(given, { kubeconfig: 'kubeconfig' });
    const flags = [
      ...(kubeconfig === undefined ? [] : [`--kubeconfig=${kubeconfig}`]),
      ...(base === undefined ? [] : [`--image-base=${base}`]),
      ...KIND_OPTIONS.flatMap(({ name }) =>
        [given.values.get(name)?.value ?? []].flat().map((value) => `--${name}=${value}`),
      ),
    ];
    try {
      const imageBase = base === undefined ? {} : { imageBase: base };
      await up({ named, world, region, accountId, flags, progress, signal, ...imageBase });
    } catch (error) {
      if (signal.aborted) return EXIT.interrupted;
      throw error;
    }
    return printStatus(named, given, io);
  },
};

export const STATUS: Command = {
  name: 'status',
  summary: 'report what `up` installed, and how to reach it',
  about: `Report the agent, the webhook and the emulated AWS that \`up\` installed, and the variables of an AWS client for them.`,
  options: [...CONTEXT, option.flag('endpoint', 'print only the value of AWS_ENDPOINT_URL for pods')],
  remarks:
    'Exit codes: 0 all of it runs; 1 a part does not run; 2 wrong usage, or nothing is installed; 3 the cluster cannot be reached.',
  run: async (given, io) => printStatus(await contextOf(given), given, io),
};

export const DOWN: Command = {
  name: 'down',
  summary: 'remove what `up` installed',
  about:
    'Remove everything that `up` installed in a cluster, also after it was killed. It finds the objects by their label.',
  options: CONTEXT,
  remarks: 'Exit codes: 0 nothing is left; 2 wrong usage; 3 something could not be removed.',
  async run(given, { stdout }) {
    const named = await contextOf(given);
    const { down } = await import('../../harness/standalone/up.ts');
    const count = await down(named);
    stdout.write(`Removed ${count} objects of the emulated AWS from context ${named.context}.\n`);
    return EXIT.conforms;
  },
};

async function printStatus(named: NamedContext, given: GivenOptions, { stdout }: Io): Promise<number> {
  const { statusOf } = await import('../../harness/standalone/status.ts');
  const status = await statusOf(named);
  if (given.values.get('endpoint')?.value === true) stdout.write(`${status.endpoint}\n`);
  else stdout.write(statusText(status, named.context));
  return status.isRunning ? EXIT.conforms : EXIT.doesNotConform;
}

const statusText = ({ parts, endpoint, forward, variables }: Status, context: string): string =>
  [
    ...parts.map(({ where, image, problem }) => `${where} ${problem ?? 'runs'} (${image})`),
    `In pods, set AWS_ENDPOINT_URL=${endpoint}`,
    'On this machine, forward a port, and set the variables in another shell:',
    `kubectl --context ${context} ${forward}`,
    ...Object.entries(variables).map(([name, value]) => `export ${name}=${value}`),
    '',
  ].join('\n');
