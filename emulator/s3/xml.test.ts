import { expect } from 'chai';
import { AwsError } from '../../foundation/aws/aws-error.ts';
import { parseXml } from './xml.ts';

describe('the XML of requests', () => {
  const read = (text: string): unknown => parseXml(Buffer.from(`<Root><Key>${text}</Key></Root>`), 'Root')['Key'];

  for (const [written, meant] of [
    ['&lt;&amp;&gt;&quot;&apos;', `<&>"'`],
    ['&#39;&#34;&#x27;&#xA;', `'"'\n`],
    ['&#8364;&#x1F600;', '€😀'],
    ['&amp;#39;', '&#39;'],
    [' space ', ' space '],
    ['007', '007'],
  ] as const) {
    it(`is parsed: ${written}`, () => {
      expect(read(written)).to.equal(meant);
    });
  }

  it('may contain as many references as a long list of keys has', () => {
    expect(read('&#39;'.repeat(100_000))).to.equal("'".repeat(100_000));
  });

  it('is rejected with another root or a document type', () => {
    for (const body of ['<Other/>', '<!DOCTYPE a [<!ENTITY b "c">]><Root/>', '<Root>']) {
      expect(() => parseXml(Buffer.from(body), 'Root')).to.throw(AwsError);
    }
  });
});
