import { IDENTITY_AND_OBJECT_OPERATIONS, type Client } from '../client.ts';
import { mavenInstalled } from '../install/maven.ts';

const SDK = 'software.amazon.awssdk';

export const JAVA: Client = {
  name: 'java',
  title: 'AWS SDK for Java 2',
  versions: { newest: '2.57.8', minimum: '2.21.30', below: '2.21.29' },
  operations: IDENTITY_AND_OBJECT_OPERATIONS,
  chain: 'sdk',
  documentation: new URL('https://docs.aws.amazon.com/sdk-for-java/latest/developer-guide/credentials-chain.html'),
  install: mavenInstalled({
    file: 'java/Client.java',
    bom: (version) => `${SDK}:bom:${version}`,
    // Without STS, the SDK skips web identity.
    dependencies: [`${SDK}:s3`, `${SDK}:sts`, 'org.slf4j:slf4j-nop:2.0.20'],
  }),
};
