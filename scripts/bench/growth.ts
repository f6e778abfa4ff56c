import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inTemporaryFolder } from '../temporary-folder.ts';
import { measurement, type Measurement } from './measurement.ts';
import { wholeRun, type WholeRun } from './whole-run.ts';

const FEW = 100;
const MANY = 1000;

/** The size of results must not grow faster than the number of scenarios. */
const IN_PROPORTION = (MANY / FEW) * 1.05;
/** Fixtures of many scenarios are removed one by one, which adds up to 50 %. */
const WITH_REMOVAL = (MANY / FEW) * 1.5;

/** Compares runs with few and many generated scenarios (a role, two objects, a pod, two probes each). */
export async function benchGrowth(
  program: string,
  progress: (line: string) => void,
  [few, many]: readonly [number, number] = [FEW, MANY],
): Promise<readonly Measurement[]> {
  const small = await runOf(few);
  const large = await runOf(many);
  const compared = (name: string, target: number, figureOf: (run: WholeRun) => number, unit: string): Measurement => {
    const [one, other] = [figureOf(small), figureOf(large)];
    const note = `${one.toFixed(1)} ${unit} for ${few} scenarios, ${other.toFixed(1)} ${unit} for ${many}`;
    return measurement(name, other / one, 'times as much', target, note);
  };
  return [
    compared('peak memory', 1.5, ({ peakMegabytes }) => peakMegabytes, 'MB'),
    compared('processor time', WITH_REMOVAL, ({ processorSeconds }) => processorSeconds, 's'),
    compared('results.json', IN_PROPORTION, ({ resultsMegabytes }) => resultsMegabytes, 'MB'),
  ];

  function runOf(count: number): Promise<WholeRun> {
    return inTemporaryFolder('conformance-growth-', async (folder) => {
      writeFileSync(join(folder, 'generated.ts'), suiteOf(count));
      const run = await wholeRun(program, ['--suites-dir', folder, '--suite', 'generated']);
      const { peakMegabytes, processorSeconds } = run;
      progress(
        `${count} scenarios: ${peakMegabytes.toFixed(0)} MB, ${processorSeconds.toFixed(1)} s of processor time`,
      );
      return run;
    });
  }
}

const suiteOf = (count: number): string => `
import { allow, denied, getObject, granted, podIdentityRole, suite } from 'eks-pod-identity-conformance';

suite('generated', ({ scenario }) => {
  for (let number = 1; number <= ${count}; number += 1)
    scenario(\`GR-\${String(number).padStart(4, '0')}\`, 'an association grants the permissions of its role, and no more', {
      source: 'Amazon EKS User Guide, "Understand how EKS Pod Identity works"',
      roles: { app: podIdentityRole(allow('s3:GetObject', 'data/own')) },
      workloads: { app: { role: 'app' } },
      objects: ['data/own', 'data/other'],
      probes: [granted('app', getObject('data/own')), denied('app', getObject('data/other'), { by: 's3', code: 'AccessDenied' })],
    });
});
`;
