/** The clients of a run: those of `--client`, and the scenarios for each. */
import type { ChosenClient, Client, InstallContext } from '../../components/clients/client.ts';
import { ownImage, ownProgram } from '../../components/clients/own/index.ts';
import { CLIENTS } from '../../components/clients/registry.ts';
import { badFlagValue, HarnessError } from '../../foundation/node/errors.ts';
import type { OptionValues } from '../../foundation/node/options.ts';
import { suggestion } from '../../foundation/node/nearest.ts';
import { MOST_ATTEMPTS } from '../scenario/real-names.ts';
import type { Scenario, Step } from '../scenario/spec.ts';
import { isThroughSdk } from '../scenario/requirements.ts';

const ALL = 'all';
/** Names for the versions of a client in the registry. */
const NAMED = ['newest', 'minimum', 'below'] as const;
/** As in package registries. Cannot be a command-line option. */
const VERSION = /^\d[\w.+-]*$/;

/** Returns clients such as `python`, `python@1.34.41` and `all`. Throws `HarnessError` UNKNOWN_CLIENT or BAD_FLAG_VALUE. */
export function chosenClients(
  names: readonly string[],
  clients: readonly Client[] = CLIENTS,
  ownClients: readonly Client[] = [],
): readonly ChosenClient[] {
  const clientNames = names.flatMap((name) => (name === ALL ? clients.map((client) => client.name) : [name]));
  const chosenVersions = new Map(
    clientNames.map((text) => {
      const { client, version } = chosen(text, clients);
      return [`${client.name}@${version}`, { client, version }] as const;
    }),
  );
  const all = [
    ...chosenVersions.values(),
    ...ownClients.map((client) => ({ client, version: client.versions.newest })),
  ];
  return all.map(({ client, version }, ordinal) => {
    const isAlone = all.filter((other) => other.client === client).length === 1;
    return { client, version, ordinal, label: isAlone ? client.name : `${client.name}-${version}` };
  });
}

export function clientsOf(
  { list, text, flag }: Pick<OptionValues, 'list' | 'text' | 'flag'>,
  clients: readonly Client[] = CLIENTS,
): readonly ChosenClient[] {
  const [command, image, lasts] = [text('client-command'), text('client-image'), flag('client-lasts')];
  if (lasts && command === undefined && image === undefined)
    throw badFlagValue('--client-lasts is about your own program. Use it with --client-command or --client-image.');
  return chosenClients(list('client'), clients, [
    ...(command === undefined ? [] : [ownProgram(command, process.cwd(), lasts)]),
    ...(image === undefined ? [] : [ownImage(image, lasts)]),
  ]);
}

function chosen(text: string, clients: readonly Client[]): Pick<ChosenClient, 'client' | 'version'> {
  const [name = '', versionName = 'newest'] = text.split(/@(.*)/s);
  const client = clients.find((one) => one.name === name);
  const names = clients.map((one) => one.name);
  if (client === undefined)
    throw new HarnessError(
      'UNKNOWN_CLIENT',
      `Unknown client "${name}": ${suggestion(name, names)} (see --list-clients)`,
    );
  const byName = NAMED.find((one) => one === versionName);
  const version = byName === undefined ? versionName : client.versions[byName];
  if (version === undefined)
    throw badFlagValue(
      `--client is "${text}", but no ${versionName} version of ${name} is documented. Use a version, such as ${name}@${client.versions.newest}.`,
    );
  if (!VERSION.test(version))
    throw badFlagValue(
      `--client is "${text}". Use a version after the @, such as ${name}@${client.versions.newest}, or newest, minimum or below.`,
    );
  return { client, version };
}

/** Rejects more attempts than there are unique names. Throws `HarnessError` BAD_FLAG_VALUE. */
export function checkAttempts(clients: readonly ChosenClient[], { number }: Pick<OptionValues, 'number'>): void {
  const times = number('repeat-each');
  const most = Math.floor(MOST_ATTEMPTS / (number('retries') + 1));
  if (clients.length > 1 && times > most)
    throw badFlagValue(
      `--repeat-each is ${times}. With several clients, use at most ${most}, or select one with --client.`,
    );
}

/**
 * Returns the scenarios for each client. With several clients, ids include the client, such as `AB-01.python`. A
 * scenario without an SDK runs once, because all clients would do the same.
 */
export function withClients(scenarios: readonly Scenario[], clients: readonly ChosenClient[]): readonly Scenario[] {
  if (clients.length === 0) return scenarios;
  return scenarios.flatMap((scenario) => {
    if (!isThroughSdk(scenario)) return [scenario];
    return clients.map((client) => ({
      ...scenario,
      spec: { ...scenario.spec, probes: stepsWith(client.client, scenario) },
      id: clients.length === 1 ? scenario.id : `${scenario.id}.${client.label}`,
      client,
    }));
  });
}

function stepsWith({ differences = [] }: Client, { id, spec }: Scenario): readonly Step[] {
  const scenarioDifferences = differences.filter(({ scenario }) => scenario === id);
  let number = 0;
  return spec.probes.map((step) => {
    if (step.kind === 'action') return step;
    number += 1;
    const { expected, reason } = scenarioDifferences.find(({ probe }) => probe === number) ?? {};
    if (expected === undefined || reason === undefined) return step;
    const { as } = step.expectation;
    return { ...step, expectation: { ...(as !== undefined && { as }), ...expected }, differs: reason };
  });
}

/**
 * Installs the clients of scenarios. A failed installation is reported in the scenarios. Throws `HarnessError`
 * CLIENT_NOT_INSTALLED if no client can be installed, and the signal's reason.
 */
export async function withInstalledClients(
  scenarios: readonly Scenario[],
  context: InstallContext,
): Promise<readonly Scenario[]> {
  const wanted = new Map(scenarios.flatMap(({ client }) => (client === undefined ? [] : [[client.label, client]])));
  const ready = new Map<string, ChosenClient>();
  // In sequence, because compilers use all processors.
  for (const [label, client] of wanted) ready.set(label, await installedOrFailed(client, context));
  const [failed] = [...ready.values()].flatMap(({ failure }) => failure ?? []);
  if (failed !== undefined && [...ready.values()].every(({ failure }) => failure !== undefined))
    throw new HarnessError('CLIENT_NOT_INSTALLED', failed);
  return scenarios.map((scenario) => {
    const client = scenario.client && ready.get(scenario.client.label);
    return client === undefined ? scenario : { ...scenario, client };
  });
}

/** Installs all clients. Throws `HarnessError` CLIENT_NOT_INSTALLED. */
export async function installedClients(
  chosen: readonly ChosenClient[],
  context: InstallContext,
): Promise<readonly ChosenClient[]> {
  const ready: ChosenClient[] = [];
  for (const one of chosen) ready.push(await installed(one, context));
  return ready;
}

export const startedClients = (scenarios: readonly Scenario[]): readonly ChosenClient[] => [
  ...new Map(
    scenarios.flatMap(({ client }) => (client?.installed === undefined ? [] : [[client.label, client] as const])),
  ).values(),
];

/** Throws `HarnessError` CLIENT_NOT_INSTALLED. */
async function installed(chosen: ChosenClient, context: InstallContext): Promise<ChosenClient> {
  const { client, version } = chosen;
  return { ...chosen, installed: await client.install({ name: client.name, version }, context) };
}

/** Returns the installed client, or the client with the reason of its failure. */
async function installedOrFailed(chosen: ChosenClient, context: InstallContext): Promise<ChosenClient> {
  try {
    return await installed(chosen, context);
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    return { ...chosen, failure: error.message };
  }
}
