import { expect } from 'chai';
import { HarnessError } from '../../foundation/node/errors.ts';
import { aScenario } from '../../test/support/scenarios.ts';
import {
  absent,
  createToken,
  control,
  denied,
  getObject,
  granted,
  putObject,
  restartPod,
  succeeds,
} from '../operations/index.ts';
import { allow, podIdentityRole } from '../scenario/policy.ts';
import { collect, newRegistry, suite, type Registry } from './suite-registry.ts';
import type { ScenarioSpec } from '../scenario/spec.ts';

const { spec: good } = aScenario();
const grant = granted('red', getObject('data/red/key'));
const denial = denied('red', getObject('data/blue/key'), { by: 's3' });

const keys = { ledger: {} };
const put = (options: Parameters<typeof putObject>[1]) => putObject('data/x', options);
const BOTH = { encryption: 'AES256', kmsKey: 'ledger' } as const;
const TAGGED_READ = { ...getObject('data/red/key'), tags: { team: 'red' } };

async function declare(
  spec: Partial<ScenarioSpec>,
  { id = 'AB-01', title = 'a title', name = 'abac' } = {},
): Promise<Registry> {
  const registry: Registry = { ...newRegistry(), file: 'suites/mine.ts' };
  await collect(registry, async () => {
    suite(name, ({ scenario }) => scenario(id, title, { ...good, ...spec }));
  });
  return registry;
}

async function failure(work: Promise<unknown>): Promise<HarnessError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).to.be.instanceOf(HarnessError);
  return error as HarnessError;
}

describe('the registry of scenarios', () => {
  it('keeps scenarios in the order of their declaration, with suite and file', async () => {
    const registry: Registry = { ...newRegistry(), file: 'a.ts' };
    await collect(registry, async () => {
      suite('abac', ({ scenario }) => {
        scenario('AB-02', 'second', good);
        scenario('AB-01', 'first', good);
      });
      registry.file = 'b.ts';
      suite('abac', ({ scenario }) => scenario('AB-03', 'third', good));
    });
    expect(registry.scenarios.map(({ id, suite: suiteName, file }) => `${id} ${suiteName} ${file}`)).to.deep.equal([
      'AB-02 abac a.ts',
      'AB-01 abac a.ts',
      'AB-03 abac b.ts',
    ]);
  });

  for (const id of ['AB-01', 'X-100', 'A1B-02', 'RB-11b'])
    it(`accepts the id ${id}`, async () => expect((await declare({}, { id })).scenarios).to.have.length(1));

  for (const probes of [
    [grant],
    [control('red', getObject('data/red/key')), denial],
    [absent('red', getObject('data/red/no')), denial],
  ])
    it(`accepts the outcomes ${probes.map((probe) => probe.expectation.outcome).join(' and ')}`, async () =>
      expect((await declare({ probes })).scenarios).to.have.length(1));

  for (const id of ['AB1', 'ab-01', 'AB-1', 'AB-01B', '-01', 'AB_01', ''])
    it(`rejects the id "${id}"`, async () =>
      expect((await failure(declare({}, { id }))).message).to.contain(`scenario id "${id}" is not of the form AB-01`));

  const refusals: readonly (readonly [string, Partial<ScenarioSpec>, string])[] = [
    ['no probe', { probes: [] }, 'AB-01 has no probe'],
    ['only actions', { probes: [restartPod('red')] }, 'AB-01 has no probe'],
    ['a denial without a control', { probes: [denial] }, 'AB-01 expects a denial but no grant'],
    ['an unknown workload', { probes: [granted('blue', getObject('data/x'))] }, 'names workload "blue"'],
    ['an unknown workload in a step', { probes: [grant, restartPod('blue')] }, 'names workload "blue"'],
    ['an unknown key of an object', { keys, objects: [{ at: 'data/x', kmsKey: 'leger' }] }, '"leger", which'],
    ['an unknown key', { keys, probes: [grant, granted('red', put({ kmsKey: 'leger' }))] }, 'names key "leger"'],
    ['two ways to encrypt', { keys, probes: [granted('red', put(BOTH))] }, 'S3 encrypts in one way'],
    ['tags that no request sends', { probes: [granted('red', TAGGED_READ)] }, 'only PutObject sends them'],
    ['an unknown role of a workload', { workloads: { red: { role: 'none' } } }, 'names role "none"'],
    ['an unknown IRSA role', { workloads: { red: { irsa: 'none' } } }, 'names role "none"'],
    [
      'an unknown target role',
      { workloads: { red: { role: { role: 'app', targetRole: 'none' } } } },
      'workload "red" names role "none"',
    ],
    [
      'an unknown identity',
      { probes: [granted('red', getObject('data/red/key'), { as: 'none' })] },
      'expects the identity of role "none"',
    ],
    [
      'a namespace whose name is too long',
      { workloads: { red: { role: 'app', namespace: 'n'.repeat(45) } } },
      `the name of namespace "${'n'.repeat(45)}" is too long with the prefixes and suffixes of the run (at most 63 characters): shorten it by 1`,
    ],
    [
      'a role whose name is too long',
      { roles: { ...good.roles, ['r'.repeat(34)]: podIdentityRole() } },
      'shorten it by',
    ],
    ['a bucket whose name is too long', { objects: [`${'b'.repeat(60)}/key`] }, 'shorten it by 28'],
    [
      'a key name that cannot be referred to',
      { keys: { 'my key': {} } },
      'key "my key" is not a valid name: use letters',
    ],
    ['a bucket name that S3 rejects', { objects: ['My_Data/key'] }, 'bucket "My_Data" is not a valid name'],
    [
      'a namespace name that Kubernetes rejects',
      { workloads: { red: { namespace: '-red' } } },
      'namespace "-red" is not a valid name',
    ],
    [
      'a role name that IAM rejects',
      { roles: { ...good.roles, 'an app': podIdentityRole() } },
      'role "an app" is not a valid name',
    ],
    ['an object without a key', { objects: ['data'] }, 'object "data" is not of the form bucket/key'],
    [
      "a workload's operation without a workload",
      { probes: [{ ...grant, workload: undefined }] },
      'GetObject is performed by a workload: name it',
    ],
    [
      'a harness operation by a workload',
      { probes: [{ ...succeeds(createToken('app/app')), workload: 'red' }] },
      'CreateToken is performed by the harness',
    ],
  ];
  for (const [what, spec, message] of refusals) {
    it(`rejects ${what}`, async () => {
      const error = await failure(declare(spec));
      expect(error.code).to.equal('BAD_SCENARIO');
      expect(error.message).to.contain(message).and.to.contain('suites/mine.ts');
    });
  }

  it('accepts names of maximum length, and longer ones with exactNames', async () => {
    const roles = { ...good.roles, ['r'.repeat(33)]: podIdentityRole() };
    const workloads = { red: { role: 'app', namespace: 'n'.repeat(44) } };
    expect((await declare({ roles, workloads })).scenarios).to.have.length(1);
    const exact = { exactNames: true, workloads: { red: { role: 'app', namespace: 'n'.repeat(63) } } };
    expect((await declare(exact)).scenarios).to.have.length(1);
  });

  for (const as of ['node', 'static'])
    it(`accepts the identity "${as}"`, async () =>
      expect((await declare({ probes: [granted('red', getObject('data/x'), { as })] })).scenarios).to.have.length(1));

  it('rejects an empty title', async () =>
    expect((await failure(declare({}, { title: '  ' }))).message).to.contain('has no title'));

  for (const name of ['Abac', 'a b', 'a--b', '-a', ''])
    it(`rejects the suite name "${name}"`, async () =>
      expect((await failure(declare({}, { name }))).message).to.contain('not in kebab case'));

  it('rejects a duplicate id, even in another file', async () => {
    const registry: Registry = { ...newRegistry(), file: 'a.ts' };
    const error = await failure(
      collect(registry, async () => {
        suite('abac', ({ scenario }) => scenario('AB-01', 'one', good));
        registry.file = 'b.ts';
        suite('irsa', ({ scenario }) => scenario('AB-01', 'other', good));
      }),
    );
    expect(error.message).to.equal(
      'b.ts: scenario id AB-01 is declared twice (also in a.ts): give one of them another id.',
    );
  });

  it('rejects a suite outside a run', () => {
    expect(() => suite('abac', () => undefined)).to.throw(HarnessError, 'declared outside a run');
  });

  it('is closed if loading fails', async () => {
    await collect({ ...newRegistry(), file: 'a.ts' }, () => Promise.reject(new Error('x'))).catch(() => undefined);
    expect(() => suite('abac', () => undefined)).to.throw(HarnessError, 'declared outside a run');
  });

  it('rejects unknown roles of steps', async () => {
    const probes = [grant, { kind: 'action', do: 'UpdateAssociation', workload: 'red', role: 'none' } as const];
    expect((await failure(declare({ probes }))).message).to.contain('names role "none"');
  });

  it('rejects unknown roles in angle brackets', async () => {
    const roles = { app: podIdentityRole(allow('sts:AssumeRole', '<role:none>')) };
    expect((await failure(declare({ roles }))).message).to.contain('<role:none>');
  });
});
