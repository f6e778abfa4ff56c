import { authorize } from '../../identity/policy/index.ts';
import { agrees, predictionsOf } from '../predict/prediction.ts';
import type { WorkloadProgram } from '../../components/clients/workload-program.ts';
import { identityExpected } from '../scenario/expected-identity.ts';
import { describeStep } from '../scenario/describe.ts';
import { probeText } from './probe-text.ts';
import { associationOf, bucketsOf, placeOf } from '../scenario/parts.ts';
import type { Scenario } from '../scenario/spec.ts';
import type { Configuration } from '../config/configuration.ts';
import { counted } from '../../foundation/node/text.ts';
import {
  capabilitiesOf,
  clustersOf,
  isExclusive,
  isExclusiveByName,
  needsMachine,
  changesOnlyItsCluster,
  unmetRequirements,
} from '../scenario/requirements.ts';

/** Lists scenarios by suite, with name, scope and count, and a line with id and title for each. */
export function listText(scenarios: readonly Scenario[]): string {
  const suites = [...new Set(scenarios.map(({ suite }) => suite))];
  const blocks = suites.map((name) => {
    const suiteScenarios = scenarios.filter(({ suite }) => suite === name);
    const scope = suiteScenarios[0]?.scope;
    const heading = `${name} (${scope === undefined ? '' : `scope ${scope}, `}${counted(suiteScenarios.length, 'scenario')})`;
    return [heading, ...suiteScenarios.map(({ id, title }) => `  ${id.padEnd(7)} ${title}`)].join('\n');
  });
  return [...blocks, `${counted(scenarios.length, 'scenario')} in ${counted(suites.length, 'suite')}\n`].join('\n\n');
}

/**
 * Describes what a run would create, and the expected outcome of each probe. `available`: capabilities of each environment,
 * the shared one first.
 */
export function planText(
  scenarios: readonly Scenario[],
  configuration: Configuration,
  available: readonly ReadonlySet<string>[],
  program?: WorkloadProgram,
): string {
  const { cluster } = configuration;
  const unmet = (scenario: Scenario): string | undefined => {
    const reasons = available.map((capabilities) => unmetRequirements(scenario, capabilities, undefined, program));
    return reasons.includes(undefined) ? undefined : reasons[0];
  };
  const runnable = scenarios.filter((scenario) => unmet(scenario) === undefined);
  const clusters = new Set(runnable.flatMap((scenario) => clustersOf(scenario)));
  const existing = cluster.existing(configuration);
  const lines = [
    existing.length > 0
      ? `Clusters to use (${cluster.name}): ${existing.join(', ')}`
      : `Clusters to provision (${cluster.name}): ${[...clusters].sort().join(', ') || 'none'}`,
  ];
  const predicted: boolean[] = [];
  for (const scenario of scenarios) {
    lines.push('', `${scenario.id} ${scenario.title} (${scenario.suite})`);
    const reason = unmet(scenario);
    if (reason !== undefined) {
      lines.push(`  skipped: ${reason}`);
      continue;
    }
    lines.push(...creations(scenario));
    let number = 0;
    const predictions = predictionsOf(scenario);
    for (const step of scenario.spec.probes) {
      if (step.kind === 'action') lines.push(`  then ${describeStep(step)}`);
      else {
        number += 1;
        const identity = identityExpected(scenario.spec, step);
        lines.push(`  ${number}. ${probeText(step, identity)}${step.control ? ' (control)' : ''}`);
        const answer = predictions.get(step);
        if (answer === undefined) continue;
        predicted.push(agrees(step, answer));
        if (!agrees(step, answer)) lines.push(`     The policies decide otherwise: ${authorize(answer.last).reason}.`);
      }
    }
  }
  const probes = runnable.flatMap(({ spec }) => spec.probes.filter(({ kind }) => kind === 'probe'));
  const request = {
    options: configuration,
    clusters: clusters.size,
    fixtures: fixtureText(runnable),
    today: new Date(),
  };
  if (cluster.plan !== undefined) lines.push('', ...cluster.plan(request));
  lines.push(
    '',
    `${counted(runnable.length, 'scenario')} with ${counted(probes.length, 'probe')} would run, ${scenarios.length - runnable.length} would be skipped. Nothing was created.`,
    `The policies of the scenarios decide ${predicted.length} of the probes in advance: ${predicted.filter(Boolean).length} as expected, ${predicted.filter((one) => !one).length} otherwise.`,
    '',
  );
  return lines.join('\n');
}

/** Counts the resources of scenarios. */
function fixtureText(scenarios: readonly Scenario[]): string {
  const specs = scenarios.map(({ spec }) => spec);
  const roles = specs.flatMap((spec) => Object.keys(spec.roles ?? {}));
  const buckets = specs.flatMap((spec) => bucketsOf(spec));
  const objects = specs.flatMap((spec) => spec.objects ?? []);
  const workloads = specs.flatMap((spec) => Object.values(spec.workloads ?? {}));
  const associated = workloads.filter(({ role }) => role !== undefined);
  return [
    counted(roles.length, 'role'),
    counted(buckets.length, 'bucket'),
    counted(objects.length, 'object'),
    `up to ${counted(associated.length, 'association')}`,
    counted(workloads.length, 'pod'),
  ].join(', ');
}

function placeOfItsOwn(scenario: Scenario): string {
  if (needsMachine(scenario)) return 'on this machine';
  if (changesOnlyItsCluster(scenario)) return 'on its cluster';
  return isExclusiveByName(scenario) ? 'among scenarios of exact names' : 'in its environment';
}

function creations(scenario: Scenario): string[] {
  const { spec } = scenario;
  const lines: string[] = [];
  const add = (what: string, names: readonly string[]): void => {
    if (names.length > 0) lines.push(`  ${what}: ${names.join(', ')}`);
  };
  add('clusters', clustersOf(scenario));
  add('needs', capabilitiesOf(scenario));
  if (isExclusive(scenario)) lines.push(`  runs alone ${placeOfItsOwn(scenario)}`);
  add('roles', Object.keys(spec.roles ?? {}));
  add('buckets', bucketsOf(spec));
  add('keys', Object.keys(spec.keys ?? {}));
  add('objects', (spec.objects ?? []).map(placeOf));
  add(
    'pods',
    Object.entries(spec.workloads ?? {}).map(([name, item]) => {
      const association = associationOf(item);
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
