/** The webhook's inputs, each with each other: own volume, own variables, skipped containers, and a second admission. */
import type { V1Container, V1Pod } from '@kubernetes/client-node';
import { check, suite } from '../../harness/index.ts';
import { judge, type Row } from '../lib/rows.ts';
import { WEBHOOK, WEBHOOK_HANDLER } from '../lib/sources.ts';
import { IMAGE } from '../lib/worlds.ts';
import { admitted } from './lib/admitted.ts';
import { BOTH_WAYS } from './lib/both-ways.ts';
import { PAIR, REGIONS, STS_ENDPOINTS, WEB_PAIR } from './lib/settings.ts';

const NAMES = ['first', 'middle', 'last', 'init', 'sidecar'] as const;
const KINDS = {
  pi: { volume: 'eks-pod-identity-token', pair: PAIR },
  web: { volume: 'aws-iam-token', pair: WEB_PAIR },
} as const;

/** Changes to a pod with three containers, an init container and a sidecar. */
interface Input {
  readonly skip?: readonly string[];
  /** A variable that containers set, and which ones. */
  readonly variable?: (pair: readonly string[]) => string;
  readonly setBy?: readonly string[];
  readonly ownVolume?: true;
  readonly ownMount?: true;
  readonly again?: true;
  readonly annotations?: Readonly<Record<string, string>>;
}

const INPUTS: Readonly<Record<string, Input>> = {
  nothing: {},
  'the first container skipped': { skip: ['first'] },
  'the middle container skipped': { skip: ['middle'] },
  'the last container skipped': { skip: ['last'] },
  'two containers and a near name skipped': { skip: ['firs', 'first', 'last'] },
  'the init container and the sidecar skipped': { skip: ['init', 'sidecar'] },
  'the first variable set by two containers': { variable: ([one = '']) => one, setBy: ['first', 'init'] },
  'the second variable set by one container': { variable: ([, two = '']) => two, setBy: ['middle'] },
  'a region set by one container': { variable: () => REGIONS[1] ?? '', setBy: ['last'] },
  'a volume of that name': { ownVolume: true },
  'a mount of that name': { ownVolume: true, ownMount: true },
  'a second admission': { again: true },
  'a token lifetime': { annotations: { 'eks.amazonaws.com/token-expiration': '7200' } },
};

const has = (list: readonly { readonly name?: string }[] | undefined, name: string): number =>
  (list ?? []).filter((one) => one.name === name).length;

/** Describes what a container has: variables and mounts of the webhook, each with its number. */
function described(container: V1Container | undefined, { volume, pair }: (typeof KINDS)['pi' | 'web']): string {
  const numbers = [...pair, ...REGIONS, STS_ENDPOINTS].map((name) => has(container?.env, name));
  const { restartPolicy = '' } = (container ?? {}) as { readonly restartPolicy?: string };
  return `${numbers.join('')} ${has(container?.volumeMounts, volume)}${restartPolicy}`;
}

/** What the container has by the rules of the webhook's README. */
function expectedOf(
  name: string,
  { skip = [], variable, setBy = [], ownMount }: Input,
  pair: readonly string[],
): string {
  const set = setBy.includes(name) ? variable?.(pair) : undefined;
  const restart = name === 'sidecar' ? 'Always' : '';
  const isSkipped = skip.includes(name);
  const mounts = isSkipped ? Number(ownMount === true) : 1;
  const numbers = [pair, REGIONS, [STS_ENDPOINTS]].flatMap((group) => {
    const sets = set !== undefined && group.includes(set);
    // A container that sets one of a pair gets neither.
    return group.map((one) => (sets ? Number(one === set) : Number(!isSkipped)));
  });
  return `${numbers.join('')} ${mounts}${restart}`;
}

suite('webhook', ({ scenario }) => {
  scenario('WH-44', 'settings of a pod do not change how the webhook handles its other settings', {
    source: `${WEBHOOK}: skip-containers, token-expiration; ${WEBHOOK_HANDLER}: existing volumes, variables and mounts stay`,
    ...BOTH_WAYS,
    probes: [
      check('each pair of settings', async (context) => {
        const rows: Row[] = [];
        const inputs = Object.entries(INPUTS);
        for (const [account, kind] of Object.entries(KINDS))
          for (const [index, [oneName, one]] of inputs.entries())
            for (const [otherName, other] of inputs.slice(index + 1)) {
              // A pod has each of these only once.
              if ((one.skip && other.skip) || (one.variable && other.variable)) continue;
              const input = { ...one, ...other };
              let pod: Promise<V1Pod> | undefined;
              const admit = () => (pod ??= admittedWith(account, input));
              for (const name of NAMES) {
                const containerOf = ({ spec }: V1Pod) =>
                  [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].find(
                    (container) => container.name === name,
                  );
                rows.push([
                  `${name} of ${account} with ${oneName} and ${otherName}`,
                  expectedOf(name, input, kind.pair),
                  async () => described(containerOf(await admit()), kind),
                ]);
              }
              rows.push([
                `volumes of ${account} with ${oneName} and ${otherName}`,
                '1',
                async () => String(has((await admit()).spec?.volumes, kind.volume)),
              ]);
            }
        await judge(rows, 24);

        async function admittedWith(account: string, input: Input): Promise<V1Pod> {
          const { volume, pair } = KINDS[account as keyof typeof KINDS];
          const { skip, variable, setBy = [], ownVolume, ownMount, again, annotations } = input;
          const container = (name: string) => ({
            name,
            image: IMAGE,
            ...(setBy.includes(name) && { env: [{ name: variable?.(pair) ?? '', value: 'own' }] }),
            ...(ownMount && { volumeMounts: [{ name: volume, mountPath: '/own' }] }),
          });
          const metadata = {
            annotations: { ...annotations, ...(skip && { 'eks.amazonaws.com/skip-containers': skip.join() }) },
          };
          const spec = {
            containers: [container('first'), container('middle'), container('last')],
            initContainers: [container('init'), { ...container('sidecar'), restartPolicy: 'Always' }],
            ...(ownVolume && { volumes: [{ name: volume, emptyDir: {} }] }),
          };
          const once = await admitted(context, account, { metadata, spec });
          return again ? admitted(context, account, { metadata, spec: once.spec ?? {} }) : once;
        }
      }),
    ],
  });
});
