import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { AssertionError as NodeAssertionError } from 'node:assert';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { build } from 'esbuild';
import { startEmulator, type Emulator } from '../../emulator/index.ts';
import { emulatedAws } from '../aws-target/emulated.ts';
import type { AwsTarget } from '../aws-target/target.ts';
import { granted, getObject } from '../index.ts';
import { stages } from '../world/stages.ts';
import { anEnvironment, aWorld } from '../../test/support/environment.ts';
import { aScenario, anOutcome } from '../../test/support/scenarios.ts';
import type { ScenarioContext } from '../scenario/scenario-context.ts';
import { check, type CheckContext } from './check.ts';
import { performOperation } from './perform.ts';
import { operationOf } from '../scenario/operation-registry.ts';

const grant = granted('red', getObject('data/red/key'));

describe('a check', () => {
  let emulator: Emulator;
  let aws: AwsTarget;
  before(async () => {
    emulator = await startEmulator();
    aws = emulatedAws(emulator);
  });
  after(() => aws.close());

  async function result(run: (context: CheckContext) => unknown, context?: ScenarioContext) {
    const scenario = aScenario({ probes: [grant, check('it holds', run)] });
    const { operation } = check('it holds', run);
    return performOperation(context ?? aWorld(scenario, anEnvironment(aws)), operation, {});
  }

  it('is granted if it throws nothing', async () => {
    expect(await result(() => 'whatever')).to.deep.equal({ outcome: 'granted' });
    expect(await result(async () => undefined)).to.deep.equal({ outcome: 'granted' });
  });

  for (const [library, run] of [
    ['chai', () => expect(3, 'the count').to.equal(4)],
    ['Node', () => Promise.reject(new NodeAssertionError({ message: 'the count: expected 3 to equal 4' }))],
  ] as const)
    it(`is refused if an assertion of ${library} fails, with its message as the reason`, async () => {
      const failed = await result(run);
      expect(failed).to.deep.equal({ outcome: 'refused', message: 'the count: expected 3 to equal 4' });
      const descriptor = operationOf({ do: 'Check' });
      expect(descriptor.performedBy === 'harness' && descriptor.reason?.(failed)).to.equal(failed.message);
    });

  it('reports whole values of a failed assertion, and its line in the suite file', async () => {
    const context = aWorld({ ...aScenario(), file: 'my-suites/check.test.ts' }, anEnvironment(aws));
    const value = { a: 'long '.repeat(20), b: { c: { d: { e: 1 } } } };
    const { message } = await result(() => expect(value).to.have.property('name'), context);
    expect(message).to.match(
      /^expected \{ a: '(long ){20}', b: \{ c: \{ d: \{ e: 1 \} \} \} \} to have property 'name' \(check\.test\.ts:\d+\)$/,
    );
  });

  it("reports the line in the source of a built suite from the bundle's source map", async () => {
    const folder = mkdtempSync(join(tmpdir(), 'check-'));
    const [source, outfile] = [join(folder, 'own.ts'), join(folder, 'suites', 'own.js')];
    writeFileSync(
      source,
      `import { equal } from 'node:assert';\n\nexport const run = () =>\n  equal(3, 4, 'the count');\n`,
    );
    await build({ entryPoints: [source], outfile, sourcemap: 'external', minify: true });
    const { run } = (await import(outfile)) as { run: () => unknown };
    const { message } = await result(run, aWorld({ ...aScenario(), file: 'suites/own.ts' }, anEnvironment(aws)));
    expect(message).to.equal('the count (own.ts:4)');
    rmSync(folder, { recursive: true });
  });

  it('can poll until a condition holds, or for a while', async () => {
    let seen = 0;
    const next = () => Promise.resolve((seen += 1));
    const values: unknown[] = [];
    await result(async ({ eventually }) => {
      values.push(await eventually(next, (count) => count === 3));
      values.push(await eventually(next, () => true));
      values.push(
        await eventually(
          () => Promise.resolve('late'),
          (text) => text === 'never',
          0.3,
        ),
      );
    });
    expect(values).to.deep.equal([3, 4, 'late']);
  });

  it('polls again even if one call takes the whole time', async () => {
    let looks = 0;
    await result(({ eventually }) => {
      const look = () => delay(1700, (looks += 1));
      return eventually(look, () => false, 1.6);
    });
    expect(looks).to.equal(2);
  });

  it('is an error if anything else is thrown', async () => {
    expect(await result(() => (undefined as unknown as { x: string }).x)).to.include({ outcome: 'error' });
    expect(await result(() => Promise.reject(new Error('no network')))).to.deep.equal({
      outcome: 'error',
      message: 'no network',
    });
  });

  it('is refused if a service other than AWS itself fails at every try', async () => {
    const failure =
      (attempts: number, httpStatusCode = 500) =>
      async (): Promise<never> => {
        throw Object.assign(new Error('The request processing has failed.'), {
          name: 'InternalFailure',
          $metadata: { attempts, httpStatusCode },
        });
      };
    const message = 'InternalFailure at each of 5 tries: The request processing has failed.';
    expect(await result(failure(5))).to.deep.equal({ outcome: 'refused', message });
    expect(await result(failure(4))).to.include({ outcome: 'error' });
    expect(await result(failure(5, 503))).to.include({ outcome: 'error' });
    const itself = anEnvironment({ ...aws, capabilities: new Set(['sts-of-aws']) });
    expect(await result(failure(5), aWorld(aScenario(), itself))).to.include({ outcome: 'error' });
  });

  it('receives real names, earlier outcomes and settings of AWS clients', async () => {
    const context = aWorld(aScenario(), anEnvironment(aws));
    context.outcomes.push(anOutcome());
    let seen: CheckContext | undefined;
    expect(await result((context) => void (seen = context), context)).to.deep.equal({ outcome: 'granted' });
    expect(seen?.name('<bucket:data>/x')).to.equal(`${context.names.bucket('data')}/x`);
    expect(seen?.outcomes.map(({ verdict }) => verdict)).to.deep.equal(['passed']);
    const client = new S3Client((await seen?.aws('s3'))!);
    const missing = await client
      .send(new GetObjectCommand({ Bucket: 'none', Key: 'x' }))
      .catch((error: Error) => error);
    expect(missing).to.have.property('name', 'NoSuchBucket');
    client.destroy();
  });

  it('runs between the groups of earlier and later probes', () => {
    const all = stages(aScenario({ probes: [grant, grant, check('one', () => undefined), grant] }));
    expect(
      all.map((stage) => (stage.kind === 'group' ? stage.group.probes.map(({ number }) => number) : [])),
    ).to.deep.equal([[0, 1], [2], [3]]);
  });
});
