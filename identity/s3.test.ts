import { expect } from 'chai';
import { s3RequestKeys } from './s3.ts';

describe('condition keys of a request to S3', () => {
  it('name how the request is signed, and neither form nor version if it is not', () => {
    expect(s3RequestKeys('111122223333', 'REST-QUERY-STRING')).to.include({
      's3:authType': 'REST-QUERY-STRING',
      's3:signatureversion': 'AWS4-HMAC-SHA256',
    });
    expect(s3RequestKeys('111122223333', undefined)).to.have.all.keys('s3:TlsVersion', 's3:ResourceAccount');
  });
});
