import { text, textMap } from '../scenario/form.ts';
import { expect } from 'chai';
import { JAVASCRIPT } from '../../components/clients/javascript/index.ts';
import { fails, fetchCredentials, granted, succeeds } from '../index.ts';
import { defineHarnessOperation, defineStep, defineWorkloadOperation } from '../scenario/operation-registry.ts';
import { clustersOf, unmetRequirements } from '../scenario/requirements.ts';
import { planText } from '../plan/print.ts';
import { configure } from '../config/configuration.ts';
import type { ScenarioResult } from '../results/results.ts';
import { collect, newRegistry, suite, type Registry } from '../scenario-files/suite-registry.ts';
import type { ScenarioSpec } from '../scenario/spec.ts';
import { embeddedRun } from '../../test/support/embedded-run.ts';
import { aScenario } from '../../test/support/scenarios.ts';
import { clusterOf, workload } from '../scenario/scenario-context.ts';

const pathOf = (namespace: string): string => `/api/v1/namespaces/${namespace}`;

const readLabel = defineHarnessOperation('ReadLabel', (name: string, label: string) => ({ workload: name, label }), {
  form: { workload: text, label: text },
  refersTo: (operation) => ({ workloads: [operation.workload] }),
  describe: ({ label }) => [label],
  perform: async (context, operation) => {
    const { cluster, namespace } = workload(context, operation.workload);
    const answer = await clusterOf(context, cluster).kubernetes.raw({ path: pathOf(namespace) });
    const { metadata } = JSON.parse(answer.body) as { metadata: { labels: Record<string, string> } };
    const value = metadata.labels[operation.label];
    return value === undefined
      ? { outcome: 'refused', layer: 'kubernetes', code: 'NoLabel' }
      : { outcome: 'granted', facts: { value } };
  },
});

const labelNamespace = defineStep(
  'LabelNamespace',
  (name: string, labels: Readonly<Record<string, string>>) => ({ workload: name, labels }),
  {
    form: { workload: text, labels: textMap },
    refersTo: (step) => ({ workloads: [step.workload] }),
    waitSeconds: () => 0,
    perform: async ({ context }, step) => {
      const { cluster, namespace } = workload(context, step.workload);
      await clusterOf(context, cluster).kubernetes.raw({
        method: 'PATCH',
        path: pathOf(namespace),
        headers: { 'content-type': 'application/merge-patch+json' },
        body: { metadata: { labels: context.names.expandAll(step.labels) } },
      });
    },
  },
);

const defineListBuckets = () =>
  defineWorkloadOperation('ListBuckets', () => ({}), { form: {}, throughSdk: true, describe: () => [] });
const listBuckets = defineListBuckets();

describe('custom operations and steps', () => {
  const spec: Partial<ScenarioSpec> = {
    objects: [],
    probes: [
      fails(readLabel('red', 'team'), { by: 'kubernetes', code: 'NoLabel' }),
      granted('red', fetchCredentials()),
      labelNamespace('red', { team: '<role-name:app>' }),
      succeeds(readLabel('red', 'team'), { value: '<role-name:app>' }),
    ],
  };
  const withBuckets: Partial<ScenarioSpec> = { objects: [], probes: [granted('red', listBuckets())] };

  const embedded = embeddedRun();
  const run = (more: Partial<ScenarioSpec>, id: string, knows: boolean): Promise<ScenarioResult> =>
    embedded.run(more, id, knows ? { workload: JAVASCRIPT } : {});

  it('run in a scenario, and appear in its report', async () => {
    const result = await run(spec, 'XX-01', true);
    expect([result.verdict, result.reason]).to.deep.equal(['passed', 'All 3 probes had the expected results.']);
    expect(result.probes.map(({ operation }) => operation)).to.deep.equal([
      'ReadLabel team',
      'FetchCredentials with the pod-identity token',
      'ReadLabel team',
    ]);
    expect(String(result.probes[2]?.observed?.facts?.['value'])).to.match(/-xx-01-app$/);
  });

  it('fail like built-in ones', async () => {
    const result = await run({ ...spec, probes: [succeeds(readLabel('red', 'team'))] }, 'XX-02', true);
    expect(result.verdict).to.equal('failed');
  });

  it('appear in the plan, and may only name declared workloads', async () => {
    const plan = planText([aScenario(spec)], configure([], {}), [embedded.provisioned.capabilities]);
    expect(plan)
      .to.contain('harness: ReadLabel team must be refused by kubernetes with NoLabel')
      .and.to.contain('  then label namespace (workload red, labels {"team":"<role-name:app>"})');
    expect(clustersOf(aScenario(spec))).to.deep.equal(['c1']);
    const registry: Registry = { ...newRegistry(), file: 'mine.ts' };
    const load = (probes: ScenarioSpec['probes']): Promise<void> =>
      collect(registry, async () =>
        suite('mine', ({ scenario }) => scenario('XX-01', 'a title', { ...aScenario(spec).spec, probes })),
      );
    const messageOf = (work: Promise<void>): Promise<string> =>
      work.then(
        () => 'no error',
        ({ message }: Error) => message,
      );
    const readsBlue = [...(spec.probes ?? []), succeeds(readLabel('blue', 'team'))];
    expect(await messageOf(load(readsBlue))).to.equal(
      'mine.ts: XX-01: ReadLabel names workload "blue", which the scenario does not declare: choose from red.',
    );
    const byHand = { ...succeeds(readLabel('red', 'team')), workload: 'red' };
    expect(await messageOf(load([byHand]))).to.contain('ReadLabel is performed by the harness');
    const slip = granted('red', { do: 'GetObjekt' });
    expect(await messageOf(load([slip]))).to.equal(
      'mine.ts: XX-01: unknown operation "GetObjekt" (did you mean "GetObject"?).',
    );
    const slipOfStep = [...(spec.probes ?? []), { kind: 'action', do: 'ZZZZZZZZZZZZZZZZZZZ' } as const];
    expect(await messageOf(load(slipOfStep))).to.contain('unknown step "ZZZZZZZZZZZZZZZZZZZ": see docs/scenarios.md.');
  });

  it('cannot be defined twice', () => expect(defineListBuckets).to.throw('ListBuckets is defined twice'));

  it('skip a scenario if the workload program has no handler', async () => {
    const result = await run(withBuckets, 'XX-03', true);
    expect([result.verdict, result.reason]).to.deep.equal([
      'skipped',
      'Not available here: ListBuckets in the workload program javascript (operation:ListBuckets).',
    ]);
    const knowing = { name: 'other', operations: new Set(['ListBuckets']) };
    expect(unmetRequirements(aScenario(withBuckets), embedded.provisioned.capabilities, undefined, knowing)).to.equal(
      undefined,
    );
  });

  it('cause an error if a program without a handler receives them', async () => {
    const result = await run(withBuckets, 'XX-04', false);
    expect(result.verdict).to.equal('error');
    expect(result.reason).to.contain('the probe program has no handler for ListBuckets');
  });
});
