import { expect } from 'chai';
import { certificate } from '../../test/support/certificate.ts';
import * as make from '../../test/support/cluster-snapshot.ts';
import { planOf, type MigrationPlan } from './plan.ts';
import { migrationText } from './text.ts';

const { roleArn } = make;
const SHOP = roleArn('shop');
const { certificate: authority } = await certificate('cluster');

/** Plans the migration of the healthy cluster, in which web/shop uses IRSA, after changes. */
function plan(change: (snapshot: make.Draft) => void = () => undefined): MigrationPlan {
  const cluster = make.healthySnapshot(authority);
  change(cluster);
  return planOf({ version: 1, clusters: [cluster] });
}
const shop = ({ serviceAccounts }: MigrationPlan) =>
  serviceAccounts.find(({ serviceAccount }) => serviceAccount === 'shop')!;
const shopPod = ({ kubernetes }: make.Draft) => kubernetes.pods.find(({ metadata }) => metadata.name === 'shop-1')!;
const types = ({ migrations }: MigrationPlan) =>
  migrations.flatMap(({ steps }) => steps.map(({ action }) => action.type));
const restart = ({ migrations }: MigrationPlan) =>
  migrations.flatMap(({ steps }) => steps).find(({ action }) => action.type === 'RestartPods')!;

describe('the plan of a migration', () => {
  it('names the mechanism of each service account', () => {
    const { serviceAccounts, isComplete } = plan();
    expect(isComplete).to.equal(true);
    const rows = serviceAccounts.map(({ namespace, serviceAccount, mechanism, state }) =>
      [`${namespace}/${serviceAccount}`, mechanism, state].join(' '),
    );
    expect(rows).to.include.members([
      'payments/ledger pod-identity done',
      'web/shop irsa ready',
      'web/default none kept',
    ]);
  });

  it('has no command for a blocked service account, and none for the agent itself', () => {
    const commands = (change: (snapshot: make.Draft) => void) =>
      migrationText(plan(change), (text) => text, undefined).match(/^ +\$ .*|^aws .*|^kubectl .*/gm) ?? [];
    expect(commands(() => undefined)).to.not.deep.equal([]);
    const block = (snapshot: make.Draft) => void (shopPod(snapshot).containers[0]!.image = 'amazon/aws-cli:2.0.0');
    expect(commands(block)).to.deep.equal([]);
    const annotateAgent = (snapshot: make.Draft) => {
      block(snapshot);
      const account = snapshot.kubernetes.serviceAccounts.find(({ metadata }) => metadata.namespace === 'kube-system')!;
      account.metadata.annotations = { 'eks.amazonaws.com/role-arn': roleArn('node') };
    };
    expect(commands(annotateAgent)).to.deep.equal([]);
  });

  it('trusts first, and takes IRSA out of the trust policy last', () => {
    expect(types(plan())).to.deep.equal([
      'AddTrustStatement',
      'CreatePodIdentityAssociation',
      'RestartPods',
      'RemoveRoleAnnotation',
      'ReplaceTrustStatement',
    ]);
  });

  it('restarts pods after the deletion of their association when it is undone', () => {
    const steps = plan().migrations[0]!.steps.map(({ undo }) => undo.actions.map(({ type }) => type));
    expect(steps).to.deep.equal([
      ['ReplaceTrustStatement'],
      ['DeletePodIdentityAssociation', 'RestartPods'],
      [],
      ['SetRoleAnnotation'],
      ['AddTrustStatement'],
    ]);
  });

  for (const [what, change, because] of [
    ['Windows', ({ kubernetes }) => void (kubernetes.nodes[0]!.operatingSystem = 'windows'), /PID307 .*Windows/],
    [
      'a hybrid node without its agent',
      (snapshot) => {
        snapshot.kubernetes.nodes.push(make.node('far', { 'eks.amazonaws.com/compute-type': 'hybrid' }));
        shopPod(snapshot).nodeName = 'far';
      },
      /PID307 .*hybrid/,
    ],
    [
      'an image whose SDK is too old',
      (snapshot) => void (shopPod(snapshot).containers[0]!.image = 'public.ecr.aws/aws-cli/aws-cli:2.9.1'),
      /PID505 .*aws-cli:2\.9\.1/,
    ],
    [
      'a trust policy that denies EKS',
      ({ aws }) => {
        const deny = { ...make.podIdentityStatement(), Effect: 'Deny' };
        aws.roles[SHOP]!.trustPolicy = make.trust(make.webIdentityStatement('system:serviceaccount:web:shop'), deny);
      },
      /PID401/,
    ],
    ['a node role that may not call EKS Auth', ({ aws }) => void (aws.roles[roleArn('node')]!.policies = {}), /PID107/],
    ['a role that does not exist', ({ aws }) => void (aws.roles[SHOP] = null), /PID306/],
    [
      'an annotation that is not the ARN of a role',
      ({ kubernetes }) => {
        kubernetes.serviceAccounts.find(({ metadata }) => metadata.name === 'shop')!.metadata.annotations = {
          'eks.amazonaws.com/role-arn': 'shop',
        };
      },
      /shop is not the ARN of a role/,
    ],
  ] as readonly (readonly [string, (snapshot: make.Draft) => void, RegExp])[])
    it(`is blocked by ${what}`, () => {
      const blocked = plan(change);
      expect(shop(blocked).state).to.equal('blocked');
      expect(shop(blocked).blockers.join('\n')).to.match(because);
      expect(types(blocked)).to.deep.equal([]);
    });

  it('notes a proxy that pods would use for the agent, and is not blocked by it', () => {
    const noted = shop(plan((snapshot) => void shopPod(snapshot).containers[0]!.env.push({ name: 'HTTP_PROXY' })));
    expect(noted.notes.join()).to.match(/PID701/);
    expect(noted.state).to.equal('ready');
  });

  it('says whether the policies of the role test what changes', () => {
    const withPolicy = (text: string) => restart(plan(({ aws }) => void (aws.roles[SHOP]!.policies = { read: text })));
    expect(restart(plan()).access).to.equal('may change');
    expect(restart(plan()).effect).to.contain('Its policies were not read.');
    expect(withPolicy(make.allowing('s3:GetObject')).access).to.equal('same');
    const tested = withPolicy(make.allowing('s3:GetObject', 'arn:aws:s3:::b/${aws:PrincipalTag/team}/*'));
    expect(tested.access).to.equal('may change');
    expect(tested.effect).to.contain('test aws:PrincipalTag/team');
  });

  for (const [what, change, today] of [
    [
      'a trust policy that denies IRSA',
      ({ aws }) => void (aws.roles[SHOP]!.trustPolicy = make.trust(make.webIdentityStatement('web:shop'))),
      /Today they have no credentials: .*web:shop/,
    ],
    [
      'a pod without variables',
      (snapshot) => void (shopPod(snapshot).containers[0]!.env = []),
      /Today they have no credentials: the hop limit/,
    ],
  ] as readonly (readonly [string, (snapshot: make.Draft) => void, RegExp])[])
    it(`changes what pods can do if IRSA does not work because of ${what}`, () => {
      const { access, effect } = restart(plan(change));
      expect(access).to.equal('changes');
      expect(effect).to.contain(`The pods get role ${SHOP}.`).and.to.match(today);
    });

  it('narrows a statement that also names other service accounts, and keeps one of another cluster', () => {
    const other = make.webIdentityStatement(
      'system:serviceaccount:web:shop',
      'oidc.eks.us-west-2.amazonaws.com/id/OTHER',
    );
    const subjects = ['system:serviceaccount:web:shop', 'system:serviceaccount:web:other'];
    const own = make.webIdentityStatement(subjects as unknown as string);
    const { migrations } = plan(({ aws }) => void (aws.roles[SHOP]!.trustPolicy = make.trust(own, other)));
    const actions = migrations[0]!.steps.flatMap(({ action }) =>
      action.type === 'ReplaceTrustStatement' ? [action] : [],
    );
    expect(actions).to.have.length(1);
    const condition = actions[0]!.replacement?.['Condition'] as Record<string, Record<string, unknown>>;
    expect(condition['StringEquals']![`${make.ISSUER}:sub`]).to.deep.equal(['system:serviceaccount:web:other']);
  });

  it('is incomplete without associations, and names the missing right', () => {
    const { isComplete, gaps } = plan((snapshot) => {
      delete (snapshot.aws as Partial<typeof snapshot.aws>).associations;
      snapshot.gaps = [{ right: 'eks:ListPodIdentityAssociations', reason: 'AccessDenied' }];
    });
    expect(isComplete).to.equal(false);
    expect(gaps).to.have.length(1);
  });

  it('as text has every command and its undo', () => {
    const whole = plan();
    const text = migrationText(whole, (one) => one, 80);
    for (const { commands, undo } of whole.migrations[0]!.steps)
      for (const command of [...commands, ...undo.commands]) expect(text).to.contain(`${command}\n`);
    expect(text).to.contain('1 ready, 0 blocked, 1 done');
  });
});
