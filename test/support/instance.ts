import type { NodeGroupSpec } from '../../emulator/index.ts';

type TestInstance = { -readonly [Key in keyof NodeGroupSpec['instance']]: NodeGroupSpec['instance'][Key] };

export function anInstance(): TestInstance {
  return {
    id: 'i-0123456789abcdef0',
    zone: 'eu-west-1b',
    privateDnsName: 'ip-10-0-0-10.eu-west-1.compute.internal',
    profile: {
      arn: 'arn:aws:iam::111122223333:instance-profile/eks-1',
      name: 'eks-1',
      id: 'AIPATESTTESTTESTTEST1',
      roleArn: 'arn:aws:iam::111122223333:role/nodes/worker',
      createdAt: 0,
    },
    metadataOptions: { httpTokens: 'required', httpPutResponseHopLimit: 2, httpEndpoint: 'enabled' },
  };
}
