import { ALL_OPERATIONS, type Client, type ClientDifference } from '../client.ts';
import { pipInstalled } from '../install/pip.ts';

export const BOTOCORE_DIFFERENCES: readonly ClientDifference[] = [
  {
    scenario: 'IR-14',
    probe: 3,
    expected: { outcome: 'refused', by: 'sts', code: 'ParamValidationError' },
    reason: 'botocore validates the length of RoleArn before it sends a request',
    source: 'Boto3 documentation, Configuration, parameter_validation',
  },
];

export const PYTHON: Client = {
  name: 'python',
  title: 'AWS SDK for Python (boto3)',
  versions: { newest: '1.44.8', minimum: '1.34.41', below: '1.34.40' },
  operations: ALL_OPERATIONS,
  chain: 'sdk',
  differences: BOTOCORE_DIFFERENCES,
  documentation: new URL('https://boto3.amazonaws.com/v1/documentation/api/latest/guide/credentials.html'),
  install: pipInstalled({
    files: ['python/client.py', 'python-common/serve.py'],
    // Both have the same version since 1.34. Otherwise, pip would install the newest botocore, which finds the credentials.
    requirements: (version) => [`boto3==${version}`, `botocore==${version}`],
  }),
};
