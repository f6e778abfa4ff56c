/** Names of buckets. */
import { allow, fails, suite } from '../../harness/index.ts';
import { ask, may, refusedWith } from '../lib/s3-requests.ts';
import { appWith } from '../lib/worlds.ts';

suite('s3', ({ scenario }) => {
  const WRONG_NAMES = [
    ...['ab', 'a'.repeat(64), 'Conformance', 'conformance_a', 'conformance..a', '-conformance', 'conformance-'],
    ...['192.168.5.4', 'xn--conformance', 'sthree-conformance', 'amzn-s3-demo-conformance'],
    ...['conformance-s3alias', 'conformance--ol-s3', 'conformance.mrap', 'conformance--x-s3', 'conformance--table-s3'],
  ];

  scenario('OB-41', 'S3 rejects bucket names that break the naming rules', {
    source:
      'Amazon S3 User Guide, "General purpose bucket naming rules"; Amazon S3 API Reference, "Error responses": InvalidBucketName',
    // Whether S3 checks the name before the permission is not documented.
    needs: ['call-record'],
    ...appWith(allow('s3:ListBucket', 'data')),
    buckets: { data: {} },
    probes: [
      may('HEAD s3:/<bucket:data>'),
      ...WRONG_NAMES.map((bucket) => fails(ask(`PUT s3:/${bucket}`), refusedWith('InvalidBucketName', 400))),
    ],
  });
});
