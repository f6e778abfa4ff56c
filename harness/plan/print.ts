import { identityExpected } from '../verdict/expected-identity.ts';
import { describeExpectation } from '../verdict/judge.ts';
import { describeOperation, describeStep } from '../operations/describe.ts';
import type { Scenario } from '../scenario/spec.ts';
import { awsPlan, type AwsPlanOptions } from './aws-plan.ts';
import { capabilitiesOf, clustersOf, isExclusive, unmetRequirements } from './requirements.ts';

/** One line for each scenario: id, suite and title. */
export function listText(scenarios: readonly Scenario[]): string {
  const width = Math.max(0, ...scenarios.map((scenario) => scenario.suite.length));
  return scenarios
    .map((scenario) => `${scenario.id.padEnd(7)} ${scenario.suite.padEnd(width)}  ${scenario.title}\n`)
    .join('');
}

/** What a run would create, and which outcome each probe must have. */
export function planText(
  scenarios: readonly Scenario[],
  cluster: string,
  available: ReadonlySet<string>,
  aws?: AwsPlanOptions,
): string {
  const runnable = scenarios.filter((scenario) => unmetRequirements(scenario, available) === undefined);
  const clusters = new Set(runnable.flatMap((scenario) => clustersOf(scenario)));
  const existing = aws?.existingClusters ?? [];
  const lines = [
    existing.length > 0
      ? `Clusters to use (${cluster}): ${existing.join(', ')}`
      : `Clusters to provision (${cluster}): ${[...clusters].sort().join(', ') || 'none'}`,
  ];
  for (const scenario of scenarios) {
    lines.push('', `${scenario.id} ${scenario.title} (${scenario.suite})`);
    const reason = unmetRequirements(scenario, available);
    if (reason !== undefined) {
      lines.push(`  skipped: ${reason}`);
      continue;
    }
    lines.push(...creations(scenario));
    let number = 0;
    for (const step of scenario.spec.probes) {
      if (step.kind === 'action') lines.push(`  then ${describeStep(step)}`);
      else {
        number += 1;
        const identity = identityExpected(scenario.spec, step);
        lines.push(
          `  ${number}. ${step.workload ?? 'harness'}: ${describeOperation(undefined, step.operation)} must be ${describeExpectation(step.expectation, identity)}${step.control ? ' (control)' : ''}`,
        );
      }
    }
  }
  const probes = runnable.reduce(
    (sum, scenario) => sum + scenario.spec.probes.filter((step) => step.kind === 'probe').length,
    0,
  );
  if (aws !== undefined) lines.push('', ...awsPlan(runnable, clusters.size, aws));
  lines.push(
    '',
    `${runnable.length} scenarios with ${probes} probes would run, ${scenarios.length - runnable.length} would be skipped. Nothing was created.`,
    '',
  );
  return lines.join('\n');
}

function creations(scenario: Scenario): string[] {
  const { spec } = scenario;
  const buckets = new Set([
    ...Object.keys(spec.buckets ?? {}),
    ...(spec.objects ?? []).map((object) => (typeof object === 'string' ? object : object.at).split('/')[0] ?? ''),
  ]);
  const lines: string[] = [];
  const add = (what: string, names: readonly string[]): void => {
    if (names.length > 0) lines.push(`  ${what}: ${names.join(', ')}`);
  };
  add('clusters', clustersOf(scenario));
  add('needs', capabilitiesOf(scenario));
  if (isExclusive(scenario)) lines.push('  runs alone, after the others');
  add('roles', Object.keys(spec.roles ?? {}));
  add('buckets', [...buckets]);
  add(
    'objects',
    (spec.objects ?? []).map((object) => (typeof object === 'string' ? object : object.at)),
  );
  add(
    'pods',
    Object.entries(spec.workloads ?? {}).map(([name, item]) => {
      const association = typeof item.role === 'string' ? { role: item.role } : item.role;
      const how = [
        association && `Pod Identity role ${association.role}`,
        item.irsa !== undefined &&
          `IRSA ${typeof item.irsa === 'string' ? `role ${item.irsa}` : `annotation "${item.irsa.text}"`}`,
      ]
        .filter(Boolean)
        .join(' and ');
      return `${name} (${item.cluster ?? 'c1'}, ${item.namespace ?? 'app'}/${item.serviceAccount ?? 'app'}${how ? `, ${how}` : ''})`;
    }),
  );
  return lines;
}
