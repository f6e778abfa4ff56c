import { STSClient } from '@aws-sdk/client-sts';
import { expect } from 'chai';
import { hostedDriver } from '../../clusters/hosted.ts';
import { embeddedRun, RUN } from '../../test/support/embedded-run.ts';
import { testSession } from '../../test/support/emulator/session.ts';
import { DEFAULT_SETTINGS } from '../../emulator/world/new-world.ts';
import { startWithWorld } from '../../emulator/start.ts';
import { callCounter } from '../../aws/call-counter.ts';
import { askEksAuth } from '../../aws/eks-auth.ts';
import { emulatedAws } from '../aws-target/emulated.ts';
import { IamCanary } from '../aws-target/canary.ts';
import type { AwsTarget } from '../aws-target/target.ts';
import {
  createAssociation,
  createAssociationFor,
  deleteAssociation,
  denied,
  fetchCredentials,
  getObject,
  granted,
  listAssociations,
  putRolePolicy,
  refused,
  removeAssociation,
  restartPod,
  startPod,
  succeeds,
  updateAssociation,
  whoAmI,
} from '../index.ts';
import { allow, forPrincipal, podIdentityRole, trustPodIdentity } from '../scenario/policy.ts';
import type { ScenarioResult } from '../results/results.ts';
import type { ScenarioSpec } from '../scenario/spec.ts';

/** Propagation in milliseconds: longer than the start of a pod that does not wait. */
const IAM = 700;
const VERY_SLOW_IAM = 2500;
const ASSOCIATIONS = { webhook: 400, eksAuth: 1000 };

describe('a scenario on an eventually consistent AWS', () => {
  const associations = { webhook: 0, eksAuth: 0 };
  let slow: { iam: number };
  /** Whether the run waits for IAM changes before probes. */
  let looks = true;

  const { run } = embeddedRun(async (host) => {
    const { emulator, world } = await startWithWorld({
      clusterProvider: host.provider,
      settings: { delays: { ...DEFAULT_SETTINGS.delays, iam: VERY_SLOW_IAM }, associationPropagation: associations },
    });
    // No delay for the roles of the clusters.
    slow = world.lag;
    slow.iam = 0;
    const { credentials } = testSession(world, {
      roleName: 'nightly',
      allow: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
    });
    const aws = emulatedAws(emulator, host.reachable(emulator.endpoint));
    const { endpoint, region, accountId } = emulator;
    const { accessKeyId, secretAccessKey, sessionToken = '' } = credentials;
    const caller = { accessKeyId, secretAccessKey, sessionToken };
    const sts = new STSClient({ endpoint, region, credentials: caller });
    const canary = new IamCanary({
      clients: { iam: aws.clients('main').iam, sts },
      run: RUN,
      accountId,
      tags: {},
      inARow: 1,
      boundSeconds: 30,
      pollMilliseconds: 50,
    });
    const eksAuth = { endpoint, region, credentials: async () => caller, limiter: { turn: async () => undefined } };
    const target: AwsTarget = {
      ...aws,
      propagation: {
        boundSeconds: canary.boundSeconds,
        waitForIam: (signal) => (looks ? canary.waitForIam(signal) : Promise.resolve()),
      },
      askEksAuth: (cluster, token) => askEksAuth({ ...eksAuth, counter: callCounter() }, cluster, token),
      close: async () => {
        await canary.close();
        sts.destroy();
        await aws.close();
      },
    };
    return { aws: target, clusters: hostedDriver(host, RUN) };
  });
  before(() => {
    slow.iam = IAM;
    Object.assign(associations, ASSOCIATIONS);
  });

  const passes = async (id: string, spec: Partial<ScenarioSpec>): Promise<ScenarioResult> => {
    const result = await run(spec, id);
    expect([result.verdict, result.reason]).to.deep.equal([
      'passed',
      result.probes.length === 1
        ? 'The probe had the expected result.'
        : `All ${result.probes.length} probes had the expected results.`,
    ]);
    return result;
  };

  const readData = allow('s3:GetObject', 'data/*');

  it('waits for roles, policies and associations before its pods start', () => passes('AB-01', {}));

  it('waits for the roles that a bucket policy names', () =>
    passes('AB-02', {
      roles: { app: podIdentityRole() },
      buckets: { data: { policy: [forPrincipal('<role:app>', allow('s3:GetObject', 'data/*'))] } },
      objects: ['data/key'],
      workloads: { app: { role: 'app' } },
      probes: [granted('app', getObject('data/key'))],
    }));

  it('waits for a changed policy', () =>
    passes('AB-03', {
      roles: { app: podIdentityRole(readData) },
      objects: ['data/key'],
      workloads: { app: { role: 'app' } },
      probes: [
        granted('app', getObject('data/key')),
        putRolePolicy('app', allow('s3:GetObject', 'data/other')),
        denied('app', getObject('data/key'), { by: 's3', code: 'AccessDenied', policy: 'identity' }),
      ],
    }));

  it('waits for a deletion, a creation and a change of an association', () =>
    passes('AB-04', {
      roles: { first: podIdentityRole(), second: podIdentityRole() },
      objects: [],
      workloads: { app: { role: 'first' }, late: { serviceAccount: 'app', starts: 'later' } },
      probes: [
        granted('app', whoAmI(), { as: 'first' }),
        deleteAssociation('app'),
        restartPod('app'),
        refused('app', fetchCredentials(), { by: 'injection', code: 'NoCredentialsSettings' }),
        createAssociation('app', 'first'),
        startPod('late'),
        granted('late', whoAmI(), { as: 'first' }),
        updateAssociation('app', 'second'),
        restartPod('late'),
        granted('late', whoAmI(), { as: 'second' }),
      ],
    }));

  it('waits until EKS Auth refuses a role', () =>
    passes('AB-05', {
      roles: {
        app: podIdentityRole(),
        closed: { trust: [trustPodIdentity({ actions: ['sts:AssumeRole'] })] },
      },
      objects: [],
      workloads: { app: { role: 'app' }, closed: { role: 'closed', serviceAccount: 'closed' } },
      probes: [
        granted('app', whoAmI()),
        refused('closed', fetchCredentials(), { by: 'eks-auth', code: 'AccessDeniedException' }),
      ],
    }));

  it('retries harness probes of associations', () =>
    passes('AB-06', {
      roles: { app: podIdentityRole() },
      objects: [],
      workloads: { app: { role: 'app' } },
      probes: [
        granted('app', whoAmI()),
        succeeds(createAssociationFor('app/made', { role: 'app' })),
        succeeds(listAssociations({ namespace: 'app' }), { count: 2 }),
        succeeds(removeAssociation('<association-id:made>')),
        succeeds(listAssociations({ namespace: 'app' }), { count: 1 }),
      ],
    }));

  it('retries a probe whose change is not observable, and reports the number of tries', async () => {
    // As if the canary were effective before the changes.
    looks = false;
    slow.iam = VERY_SLOW_IAM;
    try {
      const result = await passes('AB-07', {
        roles: { app: podIdentityRole(readData) },
        objects: ['data/key'],
        workloads: { app: { role: 'app' } },
        probes: [
          granted('app', getObject('data/key')),
          putRolePolicy('app', allow('s3:GetObject', 'data/other')),
          denied('app', getObject('data/key'), { by: 's3', code: 'AccessDenied' }),
        ],
      });
      const last = result.probes.at(-1);
      expect(last?.tries).to.be.greaterThan(1);
      expect(last?.reason).to.match(/, as expected, after \d+ tries in \d+\.\d s\.$/);
      expect(last?.observed).not.to.have.property('tries');
    } finally {
      slow.iam = IAM;
      looks = true;
    }
  });
});
