import { expect } from 'chai';
import { delays, testTime } from '../../test/support/emulator/time.ts';
import type { Parameters } from '../../test/support/emulator/query.ts';
import { allow, HERE, iamWorld, trust } from '../../test/support/emulator/iam.ts';

const ISSUER = 'oidc.eks.us-west-2.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF';
const arn = (resource: string) => `arn:aws:iam::${HERE}:${resource}`;
const app = { RoleName: 'app' };
const policy = { PolicyArn: arn('policy/p') };
const provider = { OpenIDConnectProviderArn: arn(`oidc-provider/${ISSUER}`) };

type Call = readonly [action: string, parameters: Parameters];

const CASES: readonly { list: Call; member: string; create: Call; read: Call; remove: Call }[] = [
  {
    list: ['ListRoles', {}],
    member: 'Roles.member',
    create: ['CreateRole', { ...app, AssumeRolePolicyDocument: trust({ Service: 'pods.eks.amazonaws.com' }) }],
    read: ['GetRole', app],
    remove: ['DeleteRole', app],
  },
  {
    list: ['ListPolicies', { Scope: 'Local' }],
    member: 'Policies.member',
    create: ['CreatePolicy', { PolicyName: 'p', PolicyDocument: allow('s3:*') }],
    read: ['GetPolicy', policy],
    remove: ['DeletePolicy', policy],
  },
  {
    list: ['ListOpenIDConnectProviders', {}],
    member: 'OpenIDConnectProviderList.member',
    create: ['CreateOpenIDConnectProvider', { Url: `https://${ISSUER}`, 'ClientIDList.member.1': 'sts.amazonaws.com' }],
    read: ['GetOpenIDConnectProvider', provider],
    remove: ['DeleteOpenIDConnectProvider', provider],
  },
];

describe("IAM's List calls", () => {
  it('sort names without regard to case, also from page to page', async () => {
    const { must } = iamWorld();
    for (const PolicyName of ['b', 'Ab', 'aa', 'B2'])
      await must('CreatePolicy', { PolicyName, PolicyDocument: allow('*') });
    const names: unknown[] = [];
    for (let Marker: string | undefined, more = true; more;) {
      const page = await must('ListPolicies', { Scope: 'Local', MaxItems: '1', ...(Marker && { Marker }) });
      names.push(
        ...(page.get('Policies.member') as { readonly PolicyName: string }[]).map(({ PolicyName }) => PolicyName),
      );
      Marker = page.get('Marker') as string | undefined;
      more = Marker !== undefined;
    }
    expect(names).to.deep.equal(['aa', 'Ab', 'b', 'B2']);
  });

  for (const { list, member, create, read, remove } of CASES) {
    it(`${list[0]} shows creations and deletions after a delay, ${read[0]} immediately`, async () => {
      const time = testTime();
      const { iam, must } = iamWorld({ settings: delays({ listing: 4000 }), uptime: time });
      const listed = async () => ((await must(...list)).get(member) as unknown[] | undefined)?.length ?? 0;
      await must(...create);
      await must(...read);
      time.pass(3999);
      expect(await listed()).to.equal(0);
      time.pass(1);
      expect(await listed()).to.equal(1);
      await must(...remove);
      expect(await iam(...read)).to.include({ status: 404 });
      time.pass(3999);
      expect(await listed()).to.equal(1);
      time.pass(1);
      expect(await listed()).to.equal(0);
    });
  }
});
