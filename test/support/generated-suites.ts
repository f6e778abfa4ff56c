/** Suites with random policies, whose expectations the policy engine decides. */
import { decide, type Call } from '../../harness/predict/attempt.ts';
import { sceneOf } from '../../harness/predict/scene.ts';
import type { ScenarioSpec } from '../../harness/scenario/spec.ts';
import { Random } from '../difference/generated.ts';

type Condition = readonly [operator: string, key: string, values: string | readonly string[]];
const TEAM = '${aws:PrincipalTag/kubernetes-namespace}';

const TRUST: readonly Condition[] = [
  ['StringEquals', 'aws:RequestTag/kubernetes-namespace', '<namespace:red>'],
  ['StringLike', 'aws:RequestTag/kubernetes-service-account', 'app*'],
  ['StringEquals', 'aws:RequestTag/kubernetes-service-account', ['app', 'job']],
  ['ArnEquals', 'aws:SourceArn', '<cluster-arn:c1>'],
];
const ACCESS: readonly Condition[] = [
  ['StringEquals', 'aws:PrincipalTag/kubernetes-service-account', 'app'],
  ['StringEqualsIfExists', 's3:ExistingObjectTag/team', ['red', 'shared']],
  ['StringLike', 's3:prefix', [`${TEAM}/*`, 'shared/']],
  ['ForAllValues:StringEquals', 's3:RequestObjectTagKeys', ['team']],
  ['Null', 's3:ExistingObjectTag/team', 'true'],
];
const ACTIONS = ['s3:GetObject', 's3:GetObject*', 's3:PutObject', 's3:ListBucket', 's3:*Object'];
const RESOURCES = ['*', ...['', '/*', `/${TEAM}/*`, '/shared/*'].map((path) => `arn:aws:s3:::<bucket:data>${path}`)];

/** The calls of the probes, as data and as code. */
const CALLS: readonly (readonly [Call, string])[] = [
  ...['<namespace:red>', 'blue', 'shared'].map(
    (folder) => [{ do: 'getObject', at: `data/${folder}/key` }, `getObject('data/${folder}/key')`] as const,
  ),
  [{ do: 'listObjects', bucket: 'data', prefix: 'shared/' }, "listObjects('data', { prefix: 'shared/' })"],
  [{ do: 'listObjects', bucket: 'data' }, "listObjects('data')"],
];

/** Returns the files of a suite, by name. */
export function generatedSuite(seed: number): Readonly<Record<string, string>> {
  const random = new Random(seed);
  const conditionsOf = (all: readonly Condition[]): object => {
    const block: Record<string, Record<string, unknown>> = {};
    for (const [operator, key, values] of random.some(all, 2)) (block[operator] ??= {})[key] = values;
    return { Condition: block };
  };
  const statement = (Effect: string): object => ({
    Effect,
    Action: random.some(ACTIONS, 2),
    Resource: random.some(RESOURCES, 2),
    ...(random.is(2) && conditionsOf(ACCESS)),
  });
  const document = (...Statement: readonly object[]) => ({ Version: '2012-10-17', Statement });
  const policies = {
    trust: document({
      ...{ Effect: 'Allow', Principal: { Service: 'pods.eks.amazonaws.com' } },
      ...{ Action: ['sts:AssumeRole', 'sts:TagSession'], ...conditionsOf(TRUST) },
    }),
    permissions: document(
      { Effect: 'Allow', Action: 's3:GetObject', Resource: `arn:aws:s3:::<bucket:data>/${TEAM}/*` },
      ...Array.from({ length: 2 }, () => statement('Allow')),
    ),
    bucket: document({
      ...{ Effect: 'Deny', Principal: '*', Action: random.pick(['s3:PutObject', 's3:DeleteObject']) },
      ...{ Resource: 'arn:aws:s3:::<bucket:data>/*', ...conditionsOf([ACCESS[0]!, ACCESS[3]!]) },
    }),
  };
  const policyOf = (name: keyof typeof policies) => ({ document: policies[name], from: `${name}.json` });
  const workload = { namespace: 'red', role: 'app' };
  const spec: ScenarioSpec = {
    roles: { app: { trust: policyOf('trust'), permissions: policyOf('permissions') } },
    workloads: { app: workload },
    buckets: { data: { policy: policyOf('bucket') } },
    objects: ['data/<namespace:red>/key', 'data/blue/key', 'data/shared/key'],
    probes: [],
  };
  const scene = sceneOf({ id: 'GEN-01', suite: 'generated', title: '', file: '', spec });
  const probes = CALLS.map(([call, code]) => {
    const { refusal } = decide(scene, { workload, call })!;
    return refusal ? `denied('app', ${code}, { by: 's3' })` : `granted('app', ${code})`;
  });
  const suite = `import { denied, getObject, granted, listObjects, policyFile, suite } from 'eks-pod-identity-conformance';

const policy = (name: string) => policyFile(new URL(\`./policies/\${name}.json\`, import.meta.url));

suite('generated', ({ scenario }) => {
  scenario('GEN-01', 'random policies', {
    roles: { app: { trust: policy('trust'), permissions: policy('permissions') } },
    workloads: { app: ${JSON.stringify(workload)} },
    buckets: { data: { policy: policy('bucket') } },
    objects: ${JSON.stringify(spec.objects)},
    probes: [
      ${probes.join(',\n      ')},
    ],
  });
});
`;
  return {
    'generated.ts': suite,
    ...Object.fromEntries(
      Object.entries(policies).map(([name, text]) => [`policies/${name}.json`, JSON.stringify(text, undefined, 2)]),
    ),
  };
}
