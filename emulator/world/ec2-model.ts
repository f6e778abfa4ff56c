/** EC2 API Reference, "InstanceMetadataOptionsResponse". */
export interface MetadataOptions {
  readonly httpTokens: 'required' | 'optional';
  readonly httpPutResponseHopLimit: number;
  readonly httpEndpoint: 'enabled' | 'disabled';
}

/** With one role (IAM User Guide, "Use instance profiles"). */
export interface InstanceProfile {
  readonly arn: string;
  readonly name: string;
  readonly id: string;
  readonly roleArn: string;
  readonly createdAt: number;
}

/** The running instance of a node. */
export interface Instance {
  readonly id: string;
  /** The node group, or the cluster in Auto Mode. */
  readonly ownerArn: string;
  readonly launchedAt: number;
  readonly subnetId: string;
  readonly vpcId: string;
  /** For example `us-west-2a`. */
  readonly zone: string;
  /** The name of its node. A cluster that names its nodes itself changes it. */
  privateDnsName: string;
  readonly profile: InstanceProfile;
  readonly tags: ReadonlyMap<string, string>;
  metadataOptions: MetadataOptions;
}

/** EC2 API Reference, "VpcEndpoint". It has no effect on requests. */
export interface VpcEndpoint {
  readonly id: string;
  readonly vpcId: string;
  readonly serviceName: string;
  readonly type: string;
  readonly createdAt: number;
  readonly tags: ReadonlyMap<string, string>;
  privateDnsEnabled: boolean;
}
