import { IDENTITY_AND_OBJECT_OPERATIONS, type Client } from '../client.ts';
import { BOTOCORE_DIFFERENCES } from '../python/index.ts';
import { pipInstalled } from '../install/pip.ts';

export const AWS_CLI: Client = {
  name: 'aws-cli',
  title: 'AWS CLI v1',
  versions: { newest: '1.46.3', minimum: '1.30.0', below: '1.29.85' },
  operations: IDENTITY_AND_OBJECT_OPERATIONS,
  chain: 'sdk',
  startsPerOperation: true,
  // Its code for errors without a response from AWS is Failure.
  differences: BOTOCORE_DIFFERENCES.map((difference) => ({
    ...difference,
    expected: { ...difference.expected, code: 'Failure', message: 'Invalid length for parameter RoleArn' },
  })),
  documentation: new URL('https://docs.aws.amazon.com/cli/v1/userguide/cli-chap-configure.html'),
  install: pipInstalled({
    files: ['aws-cli/client.py', 'python-common/serve.py'],
    requirements: (version) => [`awscli==${version}`],
  }),
};
