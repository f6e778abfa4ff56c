import { timestamp, type XmlStructure } from '../query/xml.ts';
import type { InstanceProfile } from '../world/ec2-model.ts';
import type { Account } from '../world/world.ts';
import { page, type IamOperation } from './call.ts';
import { noSuchEntity } from './errors.ts';
import { ROLES } from './identities.ts';
import { basicRole } from './roles.ts';

/** EKS creates a profile for the nodes of each node group. */
export const instanceProfiles = {
  GetInstanceProfile: ({ account, parameters, demand }) => {
    const name = parameters.required('InstanceProfileName');
    demand('iam:GetInstanceProfile', `arn:aws:iam::${account.id}:instance-profile/${name}`);
    const profile = profilesOf(account).find((one) => one.name === name);
    if (profile === undefined) throw noSuchEntity(`Instance Profile ${name} cannot be found.`);
    return { InstanceProfile: view(profile, account) };
  },

  ListInstanceProfilesForRole: (call) => {
    const { account, parameters } = call;
    const role = ROLES.demand(call, 'iam:ListInstanceProfilesForRole');
    const profiles = profilesOf(account).filter(({ roleArn }) => roleArn === role.arn);
    const { items, members } = page(profiles, ({ name }) => name, parameters);
    return { InstanceProfiles: items.map((profile) => view(profile, account)), ...members };
  },
} satisfies Record<string, IamOperation>;

export const profilesOfRole = (account: Account, arn: string): readonly XmlStructure[] =>
  profilesOf(account)
    .filter(({ roleArn }) => roleArn === arn)
    .map((profile) => view(profile, account));

const profilesOf = (account: Account): readonly InstanceProfile[] => [
  ...new Set([...account.instances.values()].map(({ profile }) => profile)),
];

function view({ name, id, arn, roleArn, createdAt }: InstanceProfile, account: Account): XmlStructure {
  const role = [...account.roles.values()].find((one) => one.arn === roleArn);
  return {
    Path: '/',
    InstanceProfileName: name,
    InstanceProfileId: id,
    Arn: arn,
    CreateDate: timestamp(createdAt),
    Roles: role === undefined ? [] : [basicRole(role)],
  };
}
