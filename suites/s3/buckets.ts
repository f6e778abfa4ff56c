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

  scenario('OB-41', 'no bucket is made of a name that breaks the rules for names', {
    source:
      'Amazon S3 User Guide, "General purpose bucket naming rules"; Amazon S3 API Reference, "Error responses": InvalidBucketName',
    // Where it says so before it asks for the permission to make one is not documented.
    needs: ['call-record'],
    ...appWith(allow('s3:ListBucket', 'data')),
    buckets: { data: {} },
    probes: [
      may('HEAD s3:/<bucket:data>'),
      ...WRONG_NAMES.map((bucket) => fails(ask(`PUT s3:/${bucket}`), refusedWith('InvalidBucketName', 400))),
    ],
  });
});
