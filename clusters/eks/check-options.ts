import { HarnessError } from '../../foundation/errors.ts';
import type { OptionValues } from '../../foundation/options.ts';
import { NEW_CLUSTER_OPTIONS } from './command-options.ts';

/** Options that Auto Mode leaves no room for: it brings its own nodes, with the agent. */
const OF_NODE_GROUPS: readonly string[] = [
  'instance-type',
  'nodes',
  'addon-version',
  'agent-image',
  'agent-args',
  'agent-chart',
];
/** Which agent is judged: options that must have an effect, wherever they are given. */
const OF_THE_AGENT: readonly string[] = ['addon-version', 'agent-image'];

/**
 * Refuses flags that have no effect with others: a run that leaves out the agent that it was told to judge must not pass.
 * Most of those of the environment and of a config file may be there for other runs. Throws `HarnessError` BAD_FLAG_VALUE.
 */
export function checkEksOptions(options: OptionValues): void {
  const names = options.list('cluster-name');
  if (names.length > 2)
    throw wrong(`--cluster-name is given ${names.length} times (${names.join(', ')}): a run uses one cluster or two.`);
  if (new Set(names).size < names.length)
    throw wrong(`--cluster-name names ${names[0]} twice: give two clusters, or one.`);
  const refuse = (ineffective: readonly string[], applies: boolean, why: string): void => {
    const name = applies ? ineffective.find((option) => isGiven(option, options)) : undefined;
    if (name === undefined) return;
    throw wrong(`--${name} ${String(options.values.get(name)?.value)} has no effect: ${why}. Leave it out.`);
  };
  const agentImage = options.text('agent-image');
  refuse(
    NEW_CLUSTER_OPTIONS,
    names.length > 0,
    `--cluster-name ${names.join(',')} uses what exists, and changes nothing of it`,
  );
  refuse(
    OF_NODE_GROUPS,
    names.length === 0 && options.text('compute') === 'auto-mode',
    '--compute auto-mode brings its own nodes, with the agent on them',
  );
  refuse(['addon-version'], agentImage !== undefined, '--agent-image takes the place of the add-on');
  refuse(
    ['agent-args', 'agent-chart'],
    agentImage === undefined,
    "the add-on's agent has arguments and a chart of its own, and --agent-image is not given",
  );
}

function isGiven(option: string, { values }: OptionValues): boolean {
  const origin = values.get(option)?.origin;
  return origin === 'flag' || (OF_THE_AGENT.includes(option) && origin !== 'default');
}

const wrong = (message: string): HarnessError => new HarnessError('BAD_FLAG_VALUE', message);
