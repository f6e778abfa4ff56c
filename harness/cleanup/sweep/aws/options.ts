import { parseArgs } from 'node:util';
import { parseEndpoints, type Endpoints } from '../../../aws/endpoints.ts';
import { HarnessError } from '../../../../foundation/errors.ts';
import { RUN_ID } from '../../journal.ts';

/** What `npm run sweep -- --cluster eks` was told. */
export interface EksSweepOptions {
  readonly list: boolean;
  readonly run: string | undefined;
  readonly reportFolders: readonly string[];
  readonly region: string | undefined;
  readonly endpoints: Endpoints;
  readonly allowedAccounts: readonly string[];
  readonly otherAccountRole: string | undefined;
  /** Existing clusters whose Kubernetes objects are looked for. None: all. */
  readonly clusterNames: readonly string[];
}

export const EKS_OPTIONS = {
  cluster: { type: 'string' },
  region: { type: 'string' },
  'aws-endpoint': { type: 'string', multiple: true },
  'allow-account': { type: 'string', multiple: true },
  'other-account-role': { type: 'string' },
  'cluster-name': { type: 'string', multiple: true },
} as const;

/** Options that both sweeps take. */
export const COMMON_OPTIONS = {
  list: { type: 'boolean', default: false },
  run: { type: 'string' },
  'report-dir': { type: 'string', multiple: true },
  help: { type: 'boolean', default: false },
} as const;

type Values = ReturnType<typeof parseSweep>;

/** Throws errors of `parseArgs`. */
export function parseSweep(argv: readonly string[]) {
  return parseArgs({ args: [...argv], options: { ...COMMON_OPTIONS, ...EKS_OPTIONS } }).values;
}

/** Throws `HarnessError` BAD_FLAG_VALUE. */
export function eksSweepOptions(values: Values, environment: NodeJS.ProcessEnv): EksSweepOptions {
  const list = (name: 'aws-endpoint' | 'allow-account' | 'cluster-name'): readonly string[] => {
    const given = values[name] ?? environmentOf(name, environment);
    return given.flatMap((value) => value.split(',')).filter((value) => value !== '');
  };
  const text = (name: 'region' | 'other-account-role'): string | undefined =>
    values[name] ?? environmentOf(name, environment)[0];
  return {
    list: values.list,
    run: values.run,
    reportFolders: values['report-dir'] ?? [],
    region: text('region'),
    endpoints: parseEndpoints(list('aws-endpoint'), 'account'),
    allowedAccounts: list('allow-account'),
    otherAccountRole: text('other-account-role'),
    clusterNames: list('cluster-name'),
  };
}

/** Of `npm run conformance`, so that a job says but once where AWS is. */
function environmentOf(name: string, environment: NodeJS.ProcessEnv): readonly string[] {
  const value = environment[`CONFORMANCE_${name.toUpperCase().replaceAll('-', '_')}`];
  return value === undefined || value === '' ? [] : [value];
}

/** Refuses what the sweep would not heed. Throws `HarnessError` BAD_FLAG_VALUE. */
export function checkSweep(values: Values): void {
  const { run, cluster } = values;
  if (run !== undefined && !RUN_ID.test(run))
    throw wrong(`--run ${run} is no id of a run: they look like c1a2b3d (npm run sweep -- --list).`);
  if (cluster !== undefined && cluster !== 'eks')
    throw wrong(`--cluster ${cluster} has no sweep of its own: leave it out, or give eks.`);
  if (cluster === 'eks') return;
  const name = Object.keys(EKS_OPTIONS).find((option) => values[option as keyof Values] !== undefined);
  if (name !== undefined) throw wrong(`--${name} is about AWS: add --cluster eks, or leave it out.`);
}

const wrong = (message: string): HarnessError => new HarnessError('BAD_FLAG_VALUE', message);
