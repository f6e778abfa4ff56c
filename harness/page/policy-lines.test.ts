import { expect } from 'chai';
import { policyLines } from './policy-lines.ts';

const ASKED = { action: 's3:GetObject', resource: 'arn:aws:s3:::data/key' };
const DOCUMENT = {
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Action: 's3:ListBucket', Resource: '*' },
    {
      Effect: 'Allow',
      NotAction: ['s3:PutObject', 's3:DeleteObject'],
      Resource: ['arn:aws:s3:::data/*'],
      Condition: { StringEquals: { 'aws:PrincipalTag/team': 'blue', 'aws:RequestedRegion': ['us-west-2'] } },
    },
  ],
};
const DECIDING = {
  ...({ index: 1, effect: 'Allow', applied: false, actionMatched: true, resourceMatched: true } as const),
  conditions: [
    { operator: 'StringEquals', key: 'aws:principaltag/team', expected: ['blue'], actual: ['red'], matched: false },
    {
      operator: 'StringEquals',
      key: 'aws:RequestedRegion',
      expected: ['us-west-2'],
      actual: undefined,
      matched: false,
    },
  ],
};

describe("the lines of a policy's text", () => {
  it('contain the whole document', () => {
    const text = policyLines(DOCUMENT, [DECIDING], ASKED).map((line) => line.text);
    expect(JSON.parse(text.join('\n'))).to.deep.equal(DOCUMENT);
    expect(text).to.include('"Resource": ["arn:aws:s3:::data/*"],');
  });

  it('only show comparisons next to elements of the deciding statement', () => {
    const compared = policyLines(DOCUMENT, [DECIDING], ASKED).flatMap(({ text, statement, compared: mark }) =>
      mark === undefined ? [] : [[statement, text.split(':')[0], mark.matched, mark.with]],
    );
    expect(compared).to.deep.equal([
      [1, '"NotAction"', true, 's3:GetObject'],
      [1, '"Resource"', true, 'arn:aws:s3:::data/key'],
      [1, '"aws', false, '"red"'],
      [1, '"aws', false, 'no value'],
    ]);
  });

  it('do not mark an element that was not evaluated', () => {
    const wrongAction = { index: 0, effect: 'Allow', applied: false, actionMatched: false, conditions: [] } as const;
    const marks = policyLines(DOCUMENT, [wrongAction], ASKED).filter(({ compared }) => compared !== undefined);
    expect(marks.map(({ text }) => text)).to.deep.equal(['"Action": "s3:ListBucket",']);
  });

  it('support a single statement without a list', () => {
    const [statement] = DOCUMENT.Statement;
    const decided = { index: 0, effect: 'Allow', applied: true, conditions: [] } as const;
    const lines = policyLines({ Statement: statement }, [decided], ASKED);
    expect(lines.find(({ text }) => text.startsWith('"Action"'))?.compared?.matched).to.equal(true);
    expect(lines[1]?.statement).to.equal(undefined);
  });
});
